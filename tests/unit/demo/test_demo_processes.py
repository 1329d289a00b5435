"""The demo's processes start together, and none is left behind."""

from pathlib import Path

import pytest

from pef_adapters.demo.processes import ProcessFailed, Program, free_port, started, wait_for


def _server(folder: Path, name: str) -> Program:
    port = free_port()
    return Program(
        module="http.server",
        arguments=(str(port), "--bind", "127.0.0.1", "--directory", str(folder)),
        log=folder / f"{name}.log",
        ready=f"http://127.0.0.1:{port}/",
    )


def test_all_run_at_once_and_end_together(tmp_path: Path) -> None:
    """Each process runs before any is waited for, and none runs after the context."""
    with started(_server(tmp_path, "one"), _server(tmp_path, "two")) as running:
        assert [each.process.poll() for each in running] == [None, None]
        wait_for(running)
    assert all(each.process.poll() is not None for each in running)


def test_one_that_ends_early_is_named_by_its_log(tmp_path: Path) -> None:
    """A program that ends instead of answering is an error that names its log; others stop."""
    log, address = tmp_path / "dead.log", f"http://127.0.0.1:{free_port()}/"
    dead = Program(module="no_such_module_of_ours", log=log, ready=address)
    with started(_server(tmp_path, "alive"), dead) as running:
        with pytest.raises(ProcessFailed, match=r"dead\.log"):
            wait_for(running)
        assert b"no_such_module_of_ours" in log.read_bytes()
    assert all(each.process.poll() is not None for each in running)
