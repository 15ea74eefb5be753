#!/usr/bin/env bash
# What only a GPU can show: steps in each precision, eager and compiled, where their time goes, and the tests that skip
# elsewhere. `benchmarks/gpu.sh --quick` shows on any machine that it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python}

"$python" -c 'import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")'
"$python" -m benchmarks.perf device --rounds 5 --steps 100 "$@"
if [[ " $* " != *" --quick "* ]]; then
    "$python" -m pytest -q -n 0 tests/training/test_cuda.py tests/training/test_compile.py
    time "$python" -m disentangle_bench train infogan-mnist --compile --out "$(mktemp -d)/run"
fi
