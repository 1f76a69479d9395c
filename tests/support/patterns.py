"""The package's regular expressions, and inputs that make a bad one slow.

Patterns are collected from the source. An expression that depends on a function's variables is
named in `BUILT`, with examples of the resulting patterns.
"""

import ast
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

import django_smsbat
from tests.support.growth import is_linear

ROOT: Final = Path(django_smsbat.__file__).parent
_FUNCTIONS: Final = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
# Methods that `str` does not have, so a call identifies an unnamed pattern.
_ONLY_OF_PATTERNS: Final = frozenset({"match", "fullmatch", "search", "finditer", "sub", "subn"})
_PATHS: Final = ("re_path", "RegexValidator")


@dataclass(frozen=True)
class Used:
    """A pattern and the methods that the package calls on it."""

    place: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return self.place

    def slow_inputs(self) -> Iterator[str]:
        """Yield the attacks under which the time grows faster than the input."""
        for attack in attacks(self.pattern):
            for method in self.methods:
                if not is_linear(partial(self._attacked, method, attack)):
                    prefix, unit, suffix = attack
                    yield f"{method}: {prefix!r}, {unit!r} repeated, {suffix!r}"

    def _attacked(self, method: str, attack: tuple[str, str, str], size: int) -> Callable[[], Any]:
        prefix, unit, suffix = attack
        return self.call(method, f"{prefix}{unit * (size // len(unit) + 1)}{suffix}")

    def call(self, method: str, text: str) -> Callable[[], Any]:
        subject = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        if method in {"sub", "subn"}:
            return partial(getattr(self.pattern, method), subject[:0], subject)
        if method == "finditer":
            return lambda: sum(1 for _ in self.pattern.finditer(subject))
        return partial(getattr(self.pattern, method), subject)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the package's modules that use regular expressions."""
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "import re\n" in text or any(name in text for name in _PATHS):
            yield _module_of(path), ast.parse(text)


def collect(built: dict[str, Callable[[], list[str | re.Pattern[Any]]]]) -> list[Used]:
    """Return all patterns of the package.

    Args:
        built: for each ``module:function``, builds the patterns of expressions that depend on the
            function's variables.

    Raises:
        LookupError: if such an expression is missing in `built`, or an entry there is not used.
    """
    trees = dict(modules())
    named = _methods_by_name()
    found: list[Used] = []
    left = set(built)
    for module, tree in trees.items():
        for function, call in _calls(tree):
            place = f"{module}:{function}" if function else module
            patterns = _evaluated(module, call)
            if patterns is None:
                if place not in built:
                    raise LookupError(f"{place}, line {call.lineno}: name its patterns in BUILT")
                left.discard(place)
                patterns = built[place]()
            methods = _methods(module, tree, call, named)
            found += [
                Used(f"{place}:{call.lineno}:{index}", re.compile(one), methods)
                for index, one in enumerate(patterns)
            ]
    if left:
        raise LookupError(f"nothing builds a pattern any more in {sorted(left)}")
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield calls that take a pattern, each with the name of the enclosing function."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            name = child.name if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.Call) and _takes_pattern(child.func):
                yield function, child
            yield from walk(child, name)

    return walk(tree, "")


def _takes_pattern(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in _PATHS
    is_re = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)
    return is_re and called.value.id == "re" and called.attr in _FUNCTIONS  # type: ignore[attr-defined]


def _evaluated(module: str, call: ast.Call) -> list[re.Pattern[Any]] | None:
    """Return the pattern with its flags; None if it depends on a function's variables."""
    names = vars(importlib.import_module(module))
    first = call.args[0]
    flags = [one for one in [*call.args[1:], *(k.value for k in call.keywords)] if _is_flag(one)]
    try:
        values = [
            eval(compile(ast.Expression(one), module, "eval"), dict(names))
            for one in [first, *flags]
        ]
    except NameError:
        return None
    return [re.compile(values[0], sum(values[1:], re.NOFLAG))]


def _is_flag(node: ast.expr) -> bool:
    return any(
        isinstance(one, ast.Attribute)
        and one.attr.isupper()
        and isinstance(one.value, ast.Name)
        and one.value.id == "re"
        for one in ast.walk(node)
    )


def _methods_by_name() -> dict[str, set[str]]:
    """Return the methods called on each name, such as ``_WORD.findall``.

    A private name is qualified by its module, such as ``services.lint:_WORD``; any other name may
    be imported.
    """
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _FUNCTIONS:
                owner = node.value
                name = getattr(owner, "id", getattr(owner, "attr", ""))
                key = f"{_module_of(path)}:{name}" if name.startswith("_") else name
                found.setdefault(key, set()).add(node.attr)
    return found


def _module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


_SCANNING: Final = ("finditer", "findall", "sub", "subn", "split", "search")


def _distinct(methods: set[str]) -> tuple[str, ...]:
    """Return methods that match differently; methods that scan a text are equivalent."""
    scanning = [name for name in _SCANNING if name in methods][:1]
    return tuple(sorted({*scanning, *(methods - set(_SCANNING))}))


def _methods(
    module: str, tree: ast.Module, call: ast.Call, named: dict[str, set[str]]
) -> tuple[str, ...]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else "search"
    if function != "compile":
        return (function,)
    for node in tree.body:
        target = getattr(node, "target", None) or next(iter(getattr(node, "targets", [])), None)
        if getattr(node, "value", None) is call and isinstance(target, ast.Name):
            key = f"{module}:{target.id}" if target.id.startswith("_") else target.id
            return _distinct(named.get(key, {"search", "fullmatch"}))
    nameless = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in _ONLY_OF_PATTERNS
        and not getattr(node.value, "id", "").startswith("_")
        and getattr(node.value, "id", "") != "re"
    }
    return _distinct(nameless or {"search", "fullmatch"})


# Inputs.

_parser: Any = sys.modules["re"]._parser  # type: ignore[attr-defined]
_ALWAYS: Final = (" ", "\t", "\n", "/", "{", "0", "a")
_CANDIDATES: Final = (*"a0 \t\n/{}-.,;:_'\"@+=<>#$%|[]()~*!", "é", "Я", "ʼ", "\x00", "\u2003", "€")
_ALPHABET_MAX: Final = 12
_MISMATCH: Final = ("", "\x00", "\n\x01")


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield prefix, unit and suffix of inputs; the unit is repeated."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    is_bytes = isinstance(pattern.pattern, bytes)
    sampler = _Sampler(is_bytes)
    alphabet = list(dict.fromkeys(sampler.characters(tree)))[:_ALPHABET_MAX]
    runs = list(dict.fromkeys(sampler.runs(tree, "")))
    units = [*alphabet, *_ALWAYS, *("".join(pair) for pair in product(alphabet[:8], repeat=2))]
    whole = sampler.shortest(tree)
    units += [unit for _prefix, unit in runs] + [whole]
    units += [f"{prefix}{unit}" for prefix, unit in runs]
    repeated = [("", unit) for unit in units]
    # After a prefix: the pattern's own repeated parts there, and single characters.
    for prefix, body in runs:
        repeated += [(prefix, unit) for unit in (body, *_ALWAYS[:3], *alphabet[:3])]
    for prefix, unit in dict.fromkeys(repeated):
        if unit and (not is_bytes or f"{prefix}{unit}".isascii()):
            yield from ((prefix, unit, suffix) for suffix in _MISMATCH)


class _Sampler:
    """Generates texts that match the parts of a parsed pattern."""

    def __init__(self, is_bytes: bool) -> None:
        self._candidates = [one for one in _CANDIDATES if one.isascii() or not is_bytes]

    def characters(self, tree: Any) -> Iterator[str]:
        """Yield a character for each literal and each class."""
        for op, argument in tree:
            name = str(op)
            if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
                yield self._one(op, argument)
                if name == "IN":
                    yield from islice(self._all(op, argument), 3)
            for part in _parts(name, argument):
                yield from self.characters(part)

    def runs(self, tree: Any, before: str) -> Iterator[tuple[str, str]]:
        """Yield the body of each repeat, with the shortest text that leads to it."""
        for op, argument in tree:
            name = str(op)
            for part in _parts(name, argument):
                yield from self.runs(part, before)
            if name in _REPEATS:
                yield before, self.shortest(argument[2]) or "a"
                yield before, self.shortest(argument[2], optional=True) or "a"
            before += self._text(op, argument, optional=False)

    def shortest(self, tree: Any, *, optional: bool = False) -> str:
        """Return a short matching text; `optional` includes optional parts once."""
        return "".join(self._text(op, argument, optional=optional) for op, argument in tree)

    def _text(self, op: Any, argument: Any, *, optional: bool) -> str:
        name = str(op)
        if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            return self._one(op, argument)
        if name in _REPEATS:
            least = max(argument[0], int(optional))
            return self.shortest(argument[2], optional=optional) * min(least, 20)
        if name == "BRANCH":
            return self.shortest(argument[1][0], optional=optional)
        if name == "SUBPATTERN":
            return self.shortest(argument[-1], optional=optional)
        return self.shortest(argument, optional=optional) if name == "ATOMIC_GROUP" else ""

    def _one(self, op: Any, argument: Any) -> str:
        if str(op) == "LITERAL":
            return chr(argument)
        return next(self._all(op, argument), "a")

    def _all(self, op: Any, argument: Any) -> Iterator[str]:
        name = str(op)
        if name == "ANY":
            yield "a"
        elif name == "NOT_LITERAL":
            yield from (one for one in self._candidates if ord(one) != argument)
        else:
            yield from (one for one in self._candidates if _in_class(argument, one))
            yield from (
                chr(a if str(o) == "LITERAL" else a[0])
                for o, a in argument
                if str(o) in {"LITERAL", "RANGE"}
            )


_REPEATS: Final = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def _parts(name: str, argument: Any) -> list[Any]:
    """Return the patterns inside a node."""
    if name in _REPEATS:
        return [argument[2]]
    if name == "BRANCH":
        return list(argument[1])
    if name == "SUBPATTERN":
        return [argument[-1]]
    if name in {"ASSERT", "ASSERT_NOT"}:
        return [argument[1]]
    return [argument] if name == "ATOMIC_GROUP" else []


_CATEGORIES: Final[dict[str, Callable[[str], bool]]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda one: one.isalnum() or one == "_",
}


def _in_class(items: Any, one: str) -> bool:
    is_negated = str(items[0][0]) == "NEGATE"
    return is_negated != any(_fits(str(op), argument, one) for op, argument in items)


def _fits(name: str, argument: Any, one: str) -> bool:
    if name == "LITERAL":
        return ord(one) == argument
    if name == "RANGE":
        return bool(argument[0] <= ord(one) <= argument[1])
    if name != "CATEGORY":
        return False
    kind = str(argument).removeprefix("CATEGORY_")
    fits = _CATEGORIES.get(kind.removeprefix("NOT_"))
    return fits is not None and fits(one) != kind.startswith("NOT_")
