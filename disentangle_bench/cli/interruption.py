"""What is said, and with what the process ends, when Ctrl-C stops a command that has nothing else to say."""

EXIT_INTERRUPTED = 130
NOTHING_KEPT = "Interrupted; nothing unfinished was kept."
