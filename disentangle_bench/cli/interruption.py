"""The message and the exit status when Ctrl-C stops a command that has nothing to keep."""

EXIT_INTERRUPTED = 130
NOTHING_KEPT = "Interrupted; nothing unfinished was kept."
