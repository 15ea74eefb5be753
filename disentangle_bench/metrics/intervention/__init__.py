"""What codes do while a factor is held fixed: BetaVAE and FactorVAE scores, z-diff, z-min-variance, IRS."""
