"""The `dbench` group: its commands, its help, and how errors are reported."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any

import rich_click as click
from click.exceptions import Exit

from disentangle_bench.cli.bench import bench
from disentangle_bench.cli.catalogue import list_kind, show
from disentangle_bench.cli.check import check
from disentangle_bench.cli.compare import compare
from disentangle_bench.cli.data import data
from disentangle_bench.cli.environment import env
from disentangle_bench.cli.evaluate import evaluate
from disentangle_bench.cli.explore import explore
from disentangle_bench.cli.export import export
from disentangle_bench.cli.help import STYLE, Group
from disentangle_bench.cli.interruption import EXIT_INTERRUPTED, NOTHING_KEPT, terminable
from disentangle_bench.cli.output import messages, say, say_error, take_any_text
from disentangle_bench.cli.rank import rank
from disentangle_bench.cli.report import report
from disentangle_bench.cli.sample import sample
from disentangle_bench.cli.share import share
from disentangle_bench.cli.train import train
from disentangle_bench.errors import DbenchError

EXIT_CRASHED = 1
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What the system says of a standard output that takes no more; errors of other files are `StorageError`s by then."""
EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE, as other programs in a pipeline


class Commands(Group):
    """A group that shows the traceback of a `DbenchError` with `--debug`, names the package whose plug-in failed,
    reports an interruption, and exits quietly when its pipe is closed.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except DbenchError:
            if ctx.params["debug"]:
                traceback.print_exc()
            raise
        except KeyboardInterrupt as interruption:
            say(str(interruption) or NOTHING_KEPT)
            ctx.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            discard_output()
            ctx.exit(EXIT_PIPE_CLOSED)
        except (click.ClickException, Exit):
            raise  # ours, whoever's code ran last: there is no need to look for a plug-in
        except Exception as error:
            if isinstance(error, OSError) and error.errno in UNWRITABLE:
                discard_output()
                raise OutputError(
                    f"Standard output could not be written: {error.strerror}.",
                    "What was to be kept in files is kept; the same command prints it again.",
                ) from error
            fault = plugin_fault(error)
            if fault is None:
                raise
            if ctx.params["debug"]:
                traceback.print_exc()
            raise fault from error


class OutputError(DbenchError):
    """Standard output leads to a full disk, or nowhere."""

    exit_code = 1


class PluginError(DbenchError):
    """The code of a plug-in raised an exception."""

    exit_code = 1


def discard_output() -> None:
    """Let what is still to be printed go nowhere: the final flush would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        from disentangle_bench import __version__

        click.echo(f"dbench {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    examples=("dbench train infogan-digits", "dbench eval runs/infogan-digits/seed-0", "dbench eval my-codes.npz"),
    context_settings={"help_option_names": ["-h", "--help"], "rich_help_config": STYLE},
)
@click.option("--debug", is_flag=True, envvar="DBENCH_DEBUG", help="Show the traceback of an error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Print the version."
)
@click.command_panel("Commands", commands=["train", "eval", "compare", "rank", "bench", "report"])
@click.command_panel("Use and share a model", commands=["sample", "explore", "export", "share"])
@click.command_panel("Data", commands=["data"])
@click.command_panel("Look things up", commands=["list", "show", "check", "env"])
@click.pass_context
def dbench(ctx: click.Context, debug: bool) -> None:
    """Train InfoGAN and measure how disentangled any learned representation is: confidence intervals, chance levels and
    ceilings included.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    train, evaluate, compare, rank, bench, report, sample, explore, export, share, data, list_kind, show, check, env,
):  # fmt: skip
    dbench.add_command(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 something failed, 2 usage or input, 130 interrupted.

    Args:
        arguments: the words after `dbench`; by default those of this process.
    """
    if sys.stdout is None:
        say_error("Standard output is closed: no result could be printed.", "Redirect it, such as to /dev/null.")
        return OutputError.exit_code
    take_any_text()
    try:
        with terminable(), messages():
            return int(dbench.main(arguments, prog_name="dbench", standalone_mode=False) or 0)
    except DbenchError as error:
        say_error(error.problem, error.remedy)
        return error.exit_code
    except click.ClickException as error:
        say_error(error.format_message(), usage_hint(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except Exception:  # noqa: BLE001 - the last resort, which shows everything
        traceback.print_exc()
        say_error("This is a bug in dbench, not in your input.", "Please report it with the lines above.")
        return EXIT_CRASHED


def plugin_fault(error: Exception) -> PluginError | None:
    """What a plug-in raised, and where, if its code, and none of ours below it, raised the exception."""
    kinds = ("datasets", "metrics", "models", "networks")
    points = [point for kind in kinds for point in entry_points(group=f"disentangle_bench.{kind}")]
    packages = {point.module.partition(".")[0]: point.dist.name for point in points if point.dist}
    for frame, line in reversed([*traceback.walk_tb(error.__traceback__)]):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package == "disentangle_bench":
            return None
        if package in packages:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            where = f"in {frame.f_code.co_name}, {frame.f_code.co_filename} line {line}"
            return PluginError(
                f"{said} ({where}). This is a bug in the package {packages[package]}, not in your input.",
                "Please report it to its authors; `dbench --debug ...` shows the traceback.",
            )
    return None


def usage_hint(error: click.ClickException) -> str:
    """Where the help for a usage error is."""
    ctx = getattr(error, "ctx", None)
    return f"`{ctx.command_path} --help` shows what it takes." if ctx else ""
