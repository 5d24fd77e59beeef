"""The house rules: who may import whom, and agreement of what is written twice."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from driftdeck.database.embedded import SHARED_BUFFERS
from driftdeck.preflight.releases import DEFAULT, SUPPORTED
from driftdeck.project import Project
from driftdeck.settings import Settings
from repository import MONITORS, ROOT

LIBRARY = ROOT / "driftdeck"
OURS = {"driftdeck", "examples", "soak", "benchmarks"}
TOP = {"errors", "events", "facts", "garbage", "project", "schema_name", "settings", "diagnostics"}
"""What every room of the library may use."""
DECLARED = {"declare", "firing", "threshold_files", "load"}
BLOCKS = {*DECLARED, "dashboards", "facts", "schema_name"}
BUILT = {*BLOCKS, "dashboards_src", "generator", "preflight"}
MAY_IMPORT = {
    "declare": {"errors"},
    "database": TOP,
    "facts": set(),
    "dashboards": {*BLOCKS, "errors"},
    "dashboards_src": BLOCKS,
    "preflight": {"errors", "facts", "garbage"},
    "generator": {*TOP, *BUILT},
    "collectors": {*TOP, *DECLARED, "database"},
    "grafana": {*TOP, *BUILT},
    "verify": {*TOP, *BUILT, "database", "grafana"},
    "preview": {*TOP, *BUILT, "database", "grafana", "verify", "stack"},
    "stack": {*TOP, *BUILT, "database", "grafana", "verify"},
    "changes": {*TOP, *BUILT, "database", "grafana", "verify", "stack"},
    "schedules": TOP,
    "scaffold": {*TOP, *BUILT},
    "cli": {
        *(*TOP, *BUILT, "database", "collectors", "changes", "preview", "scaffold"),
        *("schedules", "stack"),
    },
}
"""By room of the library, which other rooms it imports; each imports itself."""
RESULTS = {"ledger", "values"}
MEASURED = {*RESULTS, "frames", "sources", "engines", "windows"}
COLLECTORS_MAY_IMPORT: dict[str, set[str]] = {
    "ledger": set(),
    "values": {"ledger"},
    "frames": RESULTS,
    "sources": {*RESULTS, "frames"},
    "engines": {*RESULTS, "frames"},
    "windows": {*RESULTS, "frames", "sources", "engines"},
    "thresholds": MEASURED,
    "reports": MEASURED,
    "retraining": {"frames"},
    "jobs": {*MEASURED, "thresholds", "reports", "retraining"},
    "new": {*MEASURED, "thresholds", "jobs"},
}
"""The same for what lies in `collectors/`, which goes one way: each names only those above it."""
ONLY_IN = {
    "evidently": {
        "collectors/engines/evidently.py",
        "collectors/reports/explore.py",
        "collectors/reports/workspace.py",
        "stack/evidently.py",
    },
    "grafanalib": {
        "dashboards",
        "dashboards_src",
        "changes/constructors.py",
        "changes/parameters.py",
    },
    "plotly": {"preview"},
    "prefect": {"schedules/prefect_flow.py"},
    "docker": {"stack/compose.py"},
    "sqlglot": {"preflight/sql/shape.py"},
}


def modules(room: str = "") -> list[Path]:
    """The modules of a room of the library, or of all of it."""
    rooms = [room] if room else [path.name for path in LIBRARY.iterdir() if path.is_dir()]
    found = [
        path
        for name in rooms
        for path in (LIBRARY / name).rglob("*.py")
        if "scaffold/files" not in path.as_posix()  # of a project, not of ours
    ]
    return sorted(found if room else [*found, *LIBRARY.glob("*.py")])


def imports(path: Path) -> set[str]:
    """The whole names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms(path: Path) -> set[str]:
    """The rooms of the library that a file imports."""
    parts = [name.split(".") for name in imports(path)]
    found = {part[1] for part in parts if part[0] == "driftdeck" and len(part) > 1}
    return found - {"__version__"}


def layers(path: Path) -> set[str]:
    """What lies in `collectors/` that a file imports, anywhere in it."""
    parts = [name.split(".") for name in imports(path)]
    return {part[2] for part in parts if part[:2] == ["driftdeck", "collectors"] and part[2:]}


def outside(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_go_one_way(room: str) -> None:
    """A room imports only what it is allowed to; collectors and dashboards never meet."""
    wrong = {
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(bad))}"
        for path in modules(room)
        if (bad := rooms(path) - MAY_IMPORT[room] - {room})
    }

    assert modules(room)
    assert wrong == set()


@pytest.mark.parametrize("layer", COLLECTORS_MAY_IMPORT)
def test_layers_of_collectors_go_one_way(layer: str) -> None:
    """Imports inside functions, and those for types alone, count, too."""
    files = [*LIBRARY.glob(f"collectors/{layer}.py"), *modules(f"collectors/{layer}")]
    order = list(COLLECTORS_MAY_IMPORT)
    wrong = {
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(bad))}"
        for path in files
        if (bad := layers(path) - COLLECTORS_MAY_IMPORT[layer] - {layer})
    }

    assert files
    assert wrong == set()
    assert set(order[: order.index(layer)]) >= COLLECTORS_MAY_IMPORT[layer]


def test_every_layer_of_collectors_has_its_rule() -> None:
    """A new folder, or module, says where it stands."""
    there = {path.stem for path in (LIBRARY / "collectors").iterdir() if path.name[:2] != "__"}

    assert there == set(COLLECTORS_MAY_IMPORT)


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def row(room: str) -> str:
    """What the guide's table says that a room may import."""
    cells = [line.strip("| ").split(" | ") for line in CONTRIBUTING.splitlines() if "| `" in line]
    names = (f"`driftdeck/{room}/`", f"`{room}/`")
    [words] = [last for first, *_, last in cells if first.split(", ")[0] in names]
    return words


def named(words: str) -> set[str]:
    """The rooms that a row of the table allows."""
    groups = {"everybody's": TOP, "declarations": DECLARED, "standard library": set()}
    allowed: set[str] = set()
    for word in words.replace(", and ", ", ").split(", "):
        if word.startswith("as "):
            allowed |= named(row(word.removeprefix("as ")))
        else:
            allowed |= groups.get(word, {word})
    return allowed


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_the_guide_says_what_a_room_may_import(room: str) -> None:
    """Its table is the rule above, in words."""
    assert named(row(room)) - {room} == MAY_IMPORT[room] - {room}


def test_the_guide_says_what_is_everybodys() -> None:
    """In the sentence below the table."""
    sentence = re.search(r"^Everybody's are ([^;]+);", CONTRIBUTING, re.MULTILINE)

    assert sentence
    assert set(re.split(", | and ", sentence[1])) == TOP


def test_the_library_knows_nothing_of_what_surrounds_it() -> None:
    """Deleting examples, benchmarks or monitors breaks no module of it; each has one name."""
    strangers = {
        "examples",
        "soak",
        "benchmarks",
        "monitors",
        "collectors",
        "generator",
        "dashboards_src",
    }
    wrong = {str(path) for path in modules() if outside(path) & strangers}

    assert len(modules()) > 150
    assert wrong == set()


def test_every_room_has_its_rule() -> None:
    """A new folder of the library says what it may import."""
    folders = {path.name for path in LIBRARY.iterdir() if (path / "__init__.py").exists()}

    assert folders == set(MAY_IMPORT)


def test_declarations_use_the_standard_library_only() -> None:
    """A declaration can be read where nothing is installed."""
    files = [
        *modules("declare"),
        LIBRARY / "firing.py",
        LIBRARY / "load.py",
        LIBRARY / "threshold_files.py",
    ]
    files += [path for folder in MONITORS for path in folder.glob("*.py")]
    names = {name for path in files for name in outside(path)}

    assert names - sys.stdlib_module_names <= {"driftdeck", "examples"}


def test_facts_use_the_standard_library_only() -> None:
    """Whoever installs the pre-flight alone has them."""
    names = {name for path in modules("facts") for name in outside(path)}

    assert names - sys.stdlib_module_names <= {"driftdeck"}


def test_a_flow_needs_nothing_of_ours_installed() -> None:
    """A scheduler imports these in its own environment; the collectors run in ours."""
    for name in ("windows.py", "prefect_flow.py"):
        names = outside(LIBRARY / "schedules" / name) - sys.stdlib_module_names
        assert names <= {"prefect", "driftdeck"}


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_has_its_one_place(library: str) -> None:
    """Evidently, grafanalib, plotly, docker, Prefect: each imported in its own place only."""
    places = {
        path.relative_to(LIBRARY).as_posix() for path in modules() if library in outside(path)
    }
    allowed = ONLY_IN[library]

    assert places
    assert {p for p in places if p not in allowed and p.split("/")[0] not in allowed} == set()


HOLE = re.compile(r"(?<![{$%])\{([A-Za-z_]\w*)(?:\.\w+|\[\w+\])*(?:![rsa])?(?::[^\s{}]+)?\}(?!\})")
"""What stands for a value in an f-string; `{{name}}`, `${name}` and `%{name}` are others' words."""


def bound(tree: ast.Module) -> set[str]:
    """Every name that a module gives a meaning, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def templates(tree: ast.Module) -> Iterator[ast.stmt | ast.expr]:
    """Where holes are meant to stay: in docstrings, in what a decorator is given (a route, a task's
    name), in that of which `.format` is called, and in the constants that are named there."""
    filled = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "format"
    ]
    yield from filled
    formatted = {
        name.id for value in filled for name in ast.walk(value) if isinstance(name, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from node.decorator_list
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if names & formatted:
                yield node


def unfilled(source: str) -> list[str]:
    """`line: hole` for each hole in a string that lacks its f, of a name that the module has."""
    tree = ast.parse(source)
    names = bound(tree)
    meant = {
        line
        for node in templates(tree)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [
        f"{token.start[0]}: {hole[0]}"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.STRING
        and "f" not in re.split("[\"']", token.string)[0].lower()
        and token.start[0] not in meant
        for hole in HOLE.finditer(token.string)
        if hole[1] in names
    ]


def test_no_string_lacks_its_f() -> None:
    """Nobody reads `{threshold_files.ENOUGH}` where a number was meant."""
    every = [*modules(), *(path for name in OURS for path in (ROOT / name).rglob("*.py"))]
    wrong = {
        f"{path.relative_to(ROOT)}:{hole}"
        for path in every
        for hole in unfilled(path.read_text(encoding="utf-8"))
    }

    assert len(every) > 150
    assert wrong == set()


@pytest.mark.parametrize(
    ("source", "holes"),
    [
        ("n = 1\nprint('{n} rows')", ["2: {n}"]),
        ("import m\nprint(\n    'of {m.LEAST:.2f} '\n    f'{m}')", ["3: {m.LEAST:.2f}"]),
        ("n = [1]\nprint('{n[0]!r}')", ["2: {n[0]!r}"]),
        ("n = 1\nprint(f'{n}', '{other}', '{{n}}', '${n}', '{n: 1}')", []),
        ("def f(n):\n    '''Gives {n}.'''\n    return T['a'].format(n=n)\nT = {'a': '{n}'}", []),
        ("def f(n):\n    return s.SQL(\n        'a {n}'\n        ' {n}'\n    ).format(n=n)", []),
        ("@get('/{n:str}')\ndef f(n): ...", []),
    ],
)
def test_a_lacking_f_is_told_from_a_template(source: str, holes: list[str]) -> None:
    """A hole of a known name counts; a docstring, a route, a template of `.format` do not."""
    assert unfilled(source) == holes


def said(path: Path) -> Iterator[str]:
    """Every text of a module but its docstrings, which are for whoever reads the source."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }  # fmt: skip
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and node not in documented:
            yield node.value


def test_no_message_names_a_page_that_a_wheel_does_not_bring() -> None:
    """It says the sentence itself. docs/reference.md is the project's, and built there."""
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - {"docs/reference.md"}
    wrong = {
        f"{path.relative_to(ROOT)}: {page}"
        for path in modules()
        for text in said(path)
        for page in pages
        if page in text
    }

    assert len(pages) > 10
    assert wrong == set()


def test_pipfile_and_requirements_agree_with_pyproject() -> None:
    """Both are generated: every dependency is in both, and the Pipfile is what would be written."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import requirements

    project = requirements.project()
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(one for name in requirements.EXTRAS for one in extras[name]),
    ]
    names = {line.split("==")[0].split("[")[0] for line in pins() if "==" in line}
    missing = {name for name in map(plain, wanted) if name not in names}

    assert missing == set()
    assert requirements.pipfile(project) == (ROOT / "Pipfile").read_text(encoding="utf-8")


def pins() -> list[str]:
    """The lines of requirements.txt that name a package."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and line[0] not in "# "]


def plain(requirement: str) -> str:
    """A requirement's name as requirements.txt spells it."""
    name = requirement
    for mark in "[=<>~!":
        name = name.split(mark)[0]
    return name.lower().replace("_", "-")


def test_every_make_target_is_in_help() -> None:
    """`make help` names every target that a person may call, each with one line."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = next(line for line in text.splitlines() if line.startswith(".PHONY:"))
    documented = {
        line.split(":")[0] for line in text.splitlines() if ": " in line and " ## " in line
    }

    assert documented == set(phony.split()[1:])


def test_every_supported_grafana_is_started_by_ci() -> None:
    """The table of releases, the matrix of the workflow and the default agree."""
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    images = ", ".join(f'"{one}.0"' for one in SUPPORTED)
    assert f"grafana: [{images}]" in workflow
    assert Settings.model_fields["grafana_release"].default == DEFAULT == SUPPORTED[-1]


def test_ports_are_the_same_everywhere() -> None:
    """settings.py, docker-compose.yml and .env.example name the same default ports."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("grafana_port", "postgres_port", "evidently_port"):
        port = Settings.model_fields[name].default
        assert f"127.0.0.1:${{{name.upper()}:-{port}}}:" in compose
        assert f"\n{name.upper()}={port}\n" in example
    assert f"\nPREFECT_PORT={Settings.model_fields['prefect_port'].default}\n" in example


def test_both_servers_of_the_stack_have_the_same_memory() -> None:
    """A year of hours is as fast with Docker as without."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert f"shared_buffers={SHARED_BUFFERS}" in compose["services"]["postgres"]["command"]


def test_the_image_holds_what_its_programs_import() -> None:
    """The library, whatever its folders link to, and all that its programs start in a project."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "\nCOPY . .\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert ignored[0] == "*"
    copied = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    links = [path.resolve() for path in LIBRARY.rglob("*") if path.is_symlink()]
    linked = {path.relative_to(ROOT).parts[0] for path in links}

    assert {"driftdeck", "pyproject.toml", *linked} <= copied
    assert {pattern.split("/")[0] for pattern in Project.find(ROOT).monitors} <= copied
