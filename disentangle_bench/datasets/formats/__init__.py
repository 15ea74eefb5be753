"""What files hold, and how it is read: IDX, MATLAB, npz, binary matrices, archives, pictures."""
