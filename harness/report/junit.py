"""junit.xml: a test suite for each check, a test case for each criterion: every CI system can show the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from harness.report import plain, words
from harness.run import CriterionRecord, EstimateRecord, Run

_PROBLEMS = ("failure", "error", "skipped")


def render(run: Run, *, strict: bool = False) -> bytes:
    """The run as JUnit XML. Fail is a failure, broken an error, waived a pass with a property, and inconclusive is
    skipped, or a failure where `strict`. A warning is skipped: it decides nothing."""
    root = ElementTree.Element("testsuites", name=_text(run.suite.name))
    names = _Names()
    for check in dict.fromkeys([*run.checks, *(criterion.check for criterion in run.criteria)]):
        own = [criterion for criterion in run.criteria if criterion.check == check]
        if own or (check in run.checks and run.checks[check].broken):
            _suite(root, run, check, own, names, strict)
    if run.verdict == "broken" and root.find(".//error") is None:
        _broken_run(root, run)
    for suite in root:
        _count(suite, list(suite.iter("testcase")))
    _count(root, list(root.iter("testcase")))
    root.set("time", f"{words.took(run):.3f}")
    ElementTree.indent(root)
    found: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"


class _Names:
    """Readers drop test cases of the same name silently: the second gets a number."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """`name`, with a number where it was there before."""
        self._seen[name] = self._seen.get(name, 0) + 1
        return name if self._seen[name] == 1 else self.unique(f"{name} ({self._seen[name]})")


def _suite(
    root: ElementTree.Element, run: Run, check: str, own: Sequence[CriterionRecord], names: _Names, strict: bool
) -> None:
    record = run.checks.get(check)
    seconds = record.seconds if record else 0.0
    suite = ElementTree.SubElement(
        root, "testsuite", name=_text(check), timestamp=_text(run.started), time=f"{seconds:.3f}"
    )
    if record and record.broken and not any(c.verdict == "broken" for c in own):
        case = _case(suite, run, check, names.unique(f"{check} can be measured"), 0, 0.0)
        _problem(case, "error", "broken", record.broken, f"the fault is with {record.blame}" if record.blame else "")
    for criterion in own:
        case = _case(suite, run, check, names.unique(criterion.that), criterion.line, seconds / len(own))
        _properties(case, run, criterion)
        _outcome(case, criterion, strict)


def _case(
    suite: ElementTree.Element, run: Run, check: str, name: str, line: int, seconds: float
) -> ElementTree.Element:
    facts = {"classname": _text(f"{run.suite.name}.{check}"), "name": _text(name), "time": f"{seconds:.3f}"}
    if run.suite.path:
        facts["file"] = _text(run.suite.path)
        facts.update({"line": str(line)} if line else {})
    return ElementTree.SubElement(suite, "testcase", facts)


def _outcome(case: ElementTree.Element, criterion: CriterionRecord, strict: bool) -> None:
    if words.state(criterion) == "warn":
        _problem(case, "skipped", "", f"warning, {criterion.verdict}: {criterion.reason}")
    elif criterion.verdict == "fail":
        _problem(case, "failure", "criterion", criterion.reason, words.change(criterion))
    elif criterion.verdict == "broken":
        _problem(
            case, "error", "broken", criterion.reason, f"the fault is with {criterion.blame}" if criterion.blame else ""
        )
    elif criterion.verdict == "inconclusive" and strict:
        _problem(case, "failure", "inconclusive", criterion.reason, words.change(criterion))
    elif criterion.verdict == "inconclusive":
        _problem(case, "skipped", "", f"inconclusive: {criterion.reason}")


def _properties(case: ElementTree.Element, run: Run, criterion: CriterionRecord) -> None:
    found = words.judged(criterion)
    base, other = words.beside(run, criterion)
    facts: dict[str, object] = {"verdict": criterion.verdict, "severity": criterion.severity}
    facts["required"] = words.bound(criterion)
    facts.update(_numbers(found))
    if base and base.value is not None:
        facts[other or words.compared(run)] = base.value
    if criterion.n_needed is not None:
        facts["n_needed"] = criterion.n_needed
    if criterion.waiver is not None:
        facts["waived"] = "; ".join(f"{name}: {said}" for name, said in criterion.waiver.items())
    holder = ElementTree.SubElement(case, "properties")
    for name, value in facts.items():
        shown = f"{value:.10g}" if isinstance(value, float) else str(value)
        ElementTree.SubElement(holder, "property", name=name, value=_text(shown))


def _numbers(found: EstimateRecord | None) -> dict[str, object]:
    if found is None:
        return {}
    facts = {name: getattr(found, name) for name in ("value", "low", "high", "level", "n", "missing", "method", "unit")}
    return {name: "unknown" if value is None else value for name, value in facts.items() if value != ""}


def _problem(case: ElementTree.Element, tag: str, kind: str, message: str, text: str = "") -> None:
    attributes = {"message": _text(message)}
    if kind:
        attributes["type"] = kind
    ElementTree.SubElement(case, tag, attributes).text = _text(text) or None


def _broken_run(root: ElementTree.Element, run: Run) -> None:
    """A run that broke before any criterion is an error too, never an empty and therefore green file."""
    suite = ElementTree.SubElement(root, "testsuite", name="run", timestamp=_text(run.started), time="0.000")
    _problem(_case(suite, run, "run", "the run can be measured", 0, 0.0), "error", "broken", run.sentence)


def _count(element: ElementTree.Element, cases: Sequence[ElementTree.Element]) -> None:
    element.set("tests", str(len(cases)))
    for tag, name in zip(_PROBLEMS, ("failures", "errors", "skipped"), strict=True):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _text(value: str) -> str:
    """Text that XML 1.0 can hold."""
    return plain.visible(value)
