"""`python -m disentangle_bench` is `dbench`."""

from disentangle_bench.cli import main

if __name__ == "__main__":
    main()
