"""Everything that proves the house stands. `nox` runs it all but `bench`; `nox -l` lists it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "no"

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
PACKAGE = ".[local,fake,http2,m4b,mp3,notebook,otel,settings]"
"""The package with all that its extras bring, but for a sound card."""
AT_ONCE = ("--numprocesses", "auto", "--dist", "loadfile")
"""A process for each core of the machine, which shares files of tests with the others."""
COVERED = {"core": 95, "sound": 95}
"""Package of pure functions -> per cent of its lines and branches that its own tests must reach."""


def answers(python: str) -> bool:
    """Whether that Python can be started by name; a version manager's stand-in may be there and refuse."""
    path = shutil.which(f"python{python}")
    return bool(path) and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


PRESENT = [python for python in PYTHONS if answers(python)]
TESTED: list[str] = []
"""The Pythons whose tests have passed in this run of nox; all its sessions live in one process."""


def group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PYPROJECT, name))


def lowest() -> Iterator[str]:
    """Every direct dependency pinned to the lowest version that pyproject.toml allows."""
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    for line in chain(project["dependencies"], *extras.values()):
        wanted = Requirement(line)
        [version] = [bound.version for bound in wanted.specifier if bound.operator == ">="]
        yield f"{wanted.name}=={version}" + (f"; {wanted.marker}" if wanted.marker else "")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: faults and format."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy over all of it, pyright over what an installed package tells its users."""
    session.install(PACKAGE, *group("test"), *group("types"))
    session.run("mypy")
    session.chdir(session.create_tmp())
    session.run("pyright", "--verifytypes", "tts_async", "--ignoreexternal")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests on every Python that is here; the first one measures what those of the pure packages reach."""
    session.install(PACKAGE, *group("test"))
    measured = not TESTED and not session.posargs
    if measured:
        reach(session)
    session.run("pytest", *AT_ONCE, *(f"--ignore=tests/{name}" for name in COVERED if measured), *session.posargs)
    TESTED.append(str(session.python))


def reach(session: nox.Session) -> None:
    """Ask that the pure packages' own tests reach what they have to."""
    session.run("pytest", *AT_ONCE, "--cov", "--cov-report=", *(f"tests/{name}" for name in COVERED))
    for name, percent in COVERED.items():
        session.run("coverage", "report", f"--include=*/tts_async/{name}/*", f"--fail-under={percent}")


@nox.session(python=PRESENT[0] if PRESENT else None)
def tests_lowest(session: nox.Session) -> None:
    """The tests with the lowest versions that pyproject.toml allows, on the lowest Python that is here."""
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join(lowest()), encoding="utf-8")
    session.install(PACKAGE, *group("test"), "--constraint", str(constraints))
    session.run("pytest", *AT_ONCE, *session.posargs)


@nox.session
def examples(session: nox.Session) -> None:
    """Every example, in an empty folder, with the package as a user installs it."""
    session.install(PACKAGE, *group("examples"))
    scripts, digests = (sorted(ROOT.glob(f"examples/*.{kind}")) for kind in ("py", "json"))
    if not digests:
        session.error("there is no digest in examples/")
    session.chdir(session.create_tmp())
    session.env["TTS_ASYNC_STORE"] = "store"
    for digest in digests:
        sound = Path(f"{digest.stem}.wav")
        sound.unlink(missing_ok=True)
        session.run("tts-async", "render", str(digest))
        if not sound.stat().st_size:
            session.error(f"{sound} is empty")
    for script in scripts:
        session.run("python", str(script))


@nox.session
def docs(session: nox.Session) -> None:
    """The pages: their code runs, their links lead somewhere, their generated parts are fresh."""
    session.install(PACKAGE, *group("docs"))
    session.run("python", "docs/run_blocks.py", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The site, built into a temporary folder; a dead link or an unknown name fails it."""
    session.install(".", *group("site"))
    folder = Path(session.create_tmp())
    shutil.copytree(ROOT / "docs", folder / "docs", dirs_exist_ok=True)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    session.chdir(folder)
    session.run("zensical", "build", "--strict", "--clean")
    if not Path("site/reference/api/index.html").is_file():
        session.error("the site has no page of the API")
    session.log(f"the site is in {folder / 'site'}")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """The measurements behind the tables in docs/; arguments go to every script."""
    session.install(PACKAGE, *group("test"))
    scripts = [path for path in sorted(ROOT.glob("tests/bench/*.py")) if "def main(" in path.read_text("utf-8")]
    if not scripts:
        session.error("there is no script in tests/bench/")
    for script in scripts:
        session.run("python", str(script), *session.posargs)


@nox.session(venv_backend="none")
def pythons(session: nox.Session) -> None:
    """Fails unless the tests have passed on every Python that is here, and on one at least."""
    missing = sorted(set(PRESENT) - set(TESTED))
    if not TESTED or missing:
        session.error(f"the tests have passed on {TESTED or 'no Python'}; missing: {missing or PYTHONS}")
    session.log(f"the tests have passed on {', '.join(TESTED)}")
