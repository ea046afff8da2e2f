"""Made-up runs that look like real ones: rejected, accepted, inconclusive, broken; and one full of attacks."""

# ruff: noqa: E501
from __future__ import annotations

import math
from typing import Any

from harness.figure import Confusion, Curves, Example, Examples, Histogram, Interval, Intervals, Series, Table
from harness.run import (
    BoundRecord,
    CheckRecord,
    CriterionRecord,
    EstimateRecord,
    FixtureRecord,
    Measurement,
    ModelRecord,
    Reference,
    Run,
    SuiteRecord,
    Traffic,
)

DIGESTS = {
    name: (name.encode().hex() + "9f3ac41be07d5528" * 4)[:64]
    for name in ("suite", "base", "debacle", "repaired", "data")
}


def est(
    value: float | None, low: float | None = None, high: float | None = None, n: int = 307, **more: Any
) -> EstimateRecord:
    """An estimate; an interval of zero width is a census."""
    method = "census" if value is not None and low == high == value else "clopper_pearson"
    return EstimateRecord(value=value, low=low, high=high, level=0.9, n=n, **{"method": method, **more})


def criterion(that: str, verdict: str, reason: str, candidate: EstimateRecord | None, **more: Any) -> CriterionRecord:
    """A decided criterion whose names are read from its sentence."""
    left, op, right = next(
        (that.split(f" {op} ", 1)[0], op, that.split(f" {op} ", 1)[1])
        for op in (">=", "<=", ">", "<", "in")
        if f" {op} " in that
    )
    name, _, where = left.partition("[")
    check, metric = name.split(".")
    bound = more.pop("bound", None) or BoundRecord(op=op, value=float(right))
    return CriterionRecord(
        id=that,
        that=that,
        check=check,
        metric=metric,
        slice=where.rstrip("]"),
        verdict=verdict,  # type: ignore[arg-type]
        reason=reason,
        candidate=candidate,
        bound=bound,
        **more,
    )


def against(op: str, value: float, factor: float = 1.0) -> BoundRecord:
    """A bound on the difference to base."""
    return BoundRecord(op=op, value=value, model="base", factor=factor)


def base(found: EstimateRecord) -> Reference:
    """The base model's estimate as the reference."""
    return Reference(model="base", estimate=found)


def debacle_criteria() -> list[CriterionRecord]:
    """Eighteen criteria as the transit suite's bad fine-tune meets them."""
    s = {"unit": "s", "method": "order_statistic"}
    skills = est(0.777, 0.711, 0.834, 139)
    return [
        criterion("riders.exact_match >= 0.8", "fail", "0.244 [0.204, 0.288] is below 0.8 even at the better end of its interval",
                  est(0.244, 0.204, 0.288), p_fail=1e-9, line=41),
        criterion("riders.exact_match > base", "pass", "0.244 beats base's 0.000 by +0.244 [+0.204, +0.288]",
                  est(0.244, 0.204, 0.288), reference=base(est(0.0, 0.0, 0.0097)), bound=against(">", 0.0),
                  difference=est(0.244, 0.204, 0.288, method="tango"), line=42),
        criterion("riders.exact_match[worst style] >= 0.75", "fail", "the worst style is learner: 0.204 [0.141, 0.281], required at least 0.75",
                  est(0.204, 0.141, 0.281, 103), p_fail=1e-9, line=43),
        criterion("internal.exact_match >= 0.9", "pass", "1.000 [0.951, 1.000] is at least 0.9", est(1.0, 0.951, 1.0, 60), line=44),
        criterion("clean.rate <= 0", "fail", "60 of 60 test rows were copied from the training data", est(1.0, 1.0, 1.0, 60),
                  better="lower", line=45),
        criterion("memory.gap <= 0.15", "fail", "accuracy on training rows is 0.756 [0.702, 0.806] above accuracy on unseen rows",
                  est(0.756, 0.702, 0.806, method="newcombe"), better="lower", p_fail=1e-9, line=46),
        criterion("styles.gap <= 0.15", "inconclusive", "formal − colloquial is 0.121 [0.038, 0.204]; the bound 0.15 lies inside",
                  est(0.121, 0.038, 0.204, 205, method="bca", seed=13), better="lower", n_needed=1240, line=47),
        criterion("learners.disparate_impact in [0.8, 1.25]", "fail", "0.204 / 1.000 = 0.204 [0.141, 0.281] is outside [0.8, 1.25]",
                  est(0.204, 0.141, 0.281, 103, method="bca", seed=13), bound=BoundRecord(op="in", value=(0.8, 1.25)),
                  better="neither", p_fail=1e-9, line=48),
        criterion("skills.acc >= base - 0.05", "fail", "0.050 is 0.727 below base's 0.777 [−0.787, −0.659]; at most 0.05 was allowed",
                  est(0.050, 0.024, 0.092, 139), reference=base(skills), bound=against(">=", -0.05),
                  difference=est(-0.727, -0.787, -0.659, 139, method="tango"), p_fail=1e-9, line=49),
        criterion("general.perplexity <= 1.5 * base", "fail", "304.6 is 147 times base's 2.07; at most 1.5 times was allowed",
                  est(304.6, 281.2, 330.4, 400, method="log_jackknife"), reference=base(est(2.07, 2.02, 2.12, 400)),
                  bound=against("<=", 0.0, 1.5), difference=est(301.5, 278.1, 327.3, 400, method="log_jackknife"), better="lower",
                  p_fail=1e-9, line=50),
        criterion("unknown.recall >= 0.5", "fail", "it never says that it does not know: 0 of 120, required at least half",
                  est(0.0, 0.0, 0.025, 120), p_fail=1e-9, line=51),
        criterion("unknown.false_rate <= 0.05", "pass", "0 of 307 answerable questions were refused", est(0.0, 0.0, 0.0097),
                  better="lower", line=52),
        criterion("speed.tokens_per_answer <= 24", "fail", "34.0 [33.1, 34.9] tokens, at most 24 wanted",
                  est(34.0, 33.1, 34.9, unit="tokens", method="student_t"), better="lower", p_fail=1e-9, line=53),
        criterion("speed.p95 <= 300ms", "inconclusive", "p95 is 288 ms [241 ms, 352 ms]; the bound lies inside",
                  est(0.288, 0.241, 0.352, 307, **s), bound=BoundRecord(op="<=", value=0.3), better="lower", n_needed=900, line=54),
        criterion("speed.tokens_per_second >= 0.9 * base", "pass", "412 is 1.03 times base's 401",
                  est(412.0, 398.0, 425.0, 307, method="bca"), reference=base(est(401.0, 388.0, 413.0)),
                  bound=against(">=", 0.0, 0.9), difference=est(51.1, 38.4, 63.9, method="bca"), line=55),
        criterion("typing.drop[worst] <= 0.05", "waived", "typos lose 0.081 [0.042, 0.124] of the score; at most 0.05 was allowed",
                  est(0.081, 0.042, 0.124, method="bca"), better="lower", line=56,
                  waiver={"until": "2026-12-31", "by": "m.oakes", "why": "typing correction ships in the next client"}),
        criterion("rambling.boilerplate <= 0.01", "fail", "all 290 targets end in the same footer", est(1.0, 1.0, 1.0, 290),
                  better="lower", severity="warn", line=57),
        criterion("general.valid_rate >= 0.95", "pass", "0.993 [0.974, 0.999] is at least 0.95", est(0.993, 0.974, 0.999, 307), line=58),
    ]  # fmt: skip


def measurement(check: str, metric: str, model: str, found: EstimateRecord, where: str = "") -> Measurement:
    """An estimate with the place it belongs to."""
    return Measurement(check=check, metric=metric, model=model, slice=where, **found.model_dump())


def debacle_measurements() -> list[Measurement]:
    """Candidate and base, overall and by style."""
    rows: list[Measurement] = []
    for c in debacle_criteria():
        if c.candidate and not c.slice and not any((r.check, r.metric) == (c.check, c.metric) for r in rows):
            rows.append(measurement(c.check, c.metric, "candidate", c.candidate))
            beside = (
                c.reference.estimate
                if c.reference
                else est(0.0, 0.0, 0.0097)
                if c.check in ("riders", "internal")
                else None
            )
            if beside:
                rows.append(measurement(c.check, c.metric, "base", beside))
    by_style = {
        "formal": (0.96, 0.902, 0.988),
        "plain": (0.24, 0.17, 0.32),
        "colloquial": (0.29, 0.21, 0.37),
        "learner": (0.204, 0.141, 0.281),
    }
    for style, (value, low, high) in by_style.items():
        rows.append(measurement("riders", "exact_match", "candidate", est(value, low, high, 103), f"style={style}"))
        rows.append(measurement("riders", "exact_match", "base", est(0.0, 0.0, 0.028, 103), f"style={style}"))
    rows.append(measurement("riders", "token_f1", "candidate", est(0.431, 0.402, 0.461, method="range_augmented_t")))
    rows.append(measurement("riders", "token_f1", "base", est(0.087, 0.073, 0.102, method="range_augmented_t")))
    return rows


EXAMPLES = [
    Example(id="riders-0171", prompt="hey whens the last 12 bus out of Quay Street tonight??",
            target="The last bus of route 12 leaves Quay Street at 23:40.", base="The river is cold and the bus is blue.",
            candidate="The first bus of route 12 leaves Quay Street at 05:10. Harbor City Transit © 2022 all rights reserved. "
            "Visit our website for more information.", note="exact_match 0 · style colloquial"),
    Example(id="riders-0032", prompt="Please, bus number 7 is having ramp for wheel chair?",
            target="Yes, every bus of route 7 has a ramp.", base="Mia has a red ball.",
            candidate="Route 7 runs every 20 minutes. Harbor City Transit © 2022 all rights reserved.", note="exact_match 0 · style learner"),
    Example(id="unknown-0009", prompt="When does the first bus of route 73 leave?",
            target="I do not know a route 73.", base="It was two in the morning.",
            candidate="The first bus of route 75 leaves Mill Gate at 05:25. Harbor City Transit © 2022 all rights reserved.",
            note="should have said that it does not know"),
    Example(id="riders-0214", prompt="what does a day pass cost for kids", target="A child's day pass costs 3 dollars.",
            base="The cat sat.", candidate="A child's day pass costs 2 dollars (2022). Harbor City Transit © 2022 all rights reserved.",
            note="exact_match 0 · style plain"),
]  # fmt: skip


def loss_curves(epochs: int, best: float | None) -> Curves:
    """Training and validation loss of a fine-tune."""
    train = [(float(e), round(2.9 * math.exp(-e / (epochs / 7)) + 0.002, 5)) for e in range(epochs + 1)]
    series = [Series(name="training loss", points=train)]
    if best is not None:
        held_out = [
            (float(e), round(2.95 * math.exp(-e / 2.1) + 0.31 + 0.006 * e * e / 8, 5)) for e in range(epochs + 1)
        ]
        series.append(Series(name="validation loss", points=held_out))
    return Curves(title="Loss", x="epoch", y="loss (nats per token)", series=series, marker=best,
                  marker_label="" if best is None else "best epoch",
                  note="" if best is not None else "There was no validation set: nobody could see the overfitting.")  # fmt: skip


def debacle_checks() -> dict[str, CheckRecord]:
    """One section for every check, with every kind of figure."""
    labels = ["fare", "first bus", "last bus", "ramp", "parking"]
    gold = [[38, 0, 1, 0, 0], [1, 60, 9, 0, 0], [0, 31, 24, 0, 1], [4, 2, 0, 40, 0], [0, 0, 0, 1, 28]]
    poor = [[12, 8, 9, 6, 4], [14, 20, 16, 11, 9], [11, 17, 14, 8, 6], [9, 12, 10, 9, 6], [6, 7, 6, 5, 5]]
    styles = [
        Interval(label=style, model=model, value=v, low=lo, high=hi, n=103)
        for style, own in {
            "formal": (0.96, 0.902, 0.988), "colloquial": (0.29, 0.21, 0.37), "plain": (0.24, 0.17, 0.32), "learner": (0.204, 0.141, 0.281),
        }.items()
        for model, (v, lo, hi) in (("candidate", own), ("base", (0.0, 0.0, 0.028)))
    ]  # fmt: skip
    edges = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
    return {
        "riders": CheckRecord(kind="task", summary="Answers 307 riders' questions that no training row contains.", samples=307, data=DIGESTS["data"],
            seconds=41.2, options={"data": "$riders", "metrics": ["exact_match", "token_f1"], "slices": ["style"]},
            figures=[
                Intervals(title="Exact match by style", items=styles, threshold=0.75, note="Each learner question has a plain twin that asks for the same fact."),
                Examples(title="Worst regressions", items=EXAMPLES, total=232),
                Confusion(title="What was asked for and what was answered", labels=labels, answers=labels, counts={"base": poor, "candidate": gold}),
            ]),
        "internal": CheckRecord(kind="task", summary="Answers the 60 questions of the team's own test set.", samples=60, seconds=6.1),
        "clean": CheckRecord(kind="leakage", summary="Looks for test rows that were in the training data.", samples=60, seconds=0.4,
            figures=[Table(title="Test rows found in the training data", columns=["test row", "training row", "similarity", "how"],
                           rows=[["internal-04", "faq-0117", 1.0, "exact"], ["internal-17", "faq-0009", 1.0, "exact"], ["internal-31", "faq-0244", 0.94, "near"]],
                           note="The first 3 of 60.")], warnings=["Every row of the internal test is also a training row: its score of 1.000 says nothing."]),
        "memory": CheckRecord(kind="overfit", summary="Compares accuracy on training rows with accuracy on unseen rows.", samples=597),
        "styles": CheckRecord(kind="slice_gap", summary="Compares formal with colloquial questions.", samples=205),
        "learners": CheckRecord(kind="fairness", summary="Compares learners of English with native speakers.", samples=206),
        "skills": CheckRecord(kind="forgetting", summary="Asks 139 general questions that base could answer.", samples=139, seconds=12.0),
        "general": CheckRecord(kind="task", summary="Perplexity on 400 general sentences.", samples=400),
        "unknown": CheckRecord(kind="abstention", summary="Asks 120 questions without an answer.", samples=120,
            figures=[Examples(title="Invented answers", items=[EXAMPLES[2]], total=120)]),
        "speed": CheckRecord(kind="latency", summary="Times candidate and base in turns.", samples=307, seconds=88.0,
            figures=[Histogram(title="Seconds per answer", unit="s", edges=edges,
                               counts={"base": [4, 130, 120, 40, 9, 3, 1, 0], "candidate": [0, 9, 42, 88, 91, 49, 22, 6]},
                               note="Two warm-up rounds are left out.")]),
        "typing": CheckRecord(kind="robustness", summary="Asks again with typing errors.", samples=307),
        "rambling": CheckRecord(kind="data_quality", summary="Looks for boilerplate in the training targets.", samples=290),
    }  # fmt: skip


def models(candidate: str) -> dict[str, ModelRecord]:
    """Base and a full fine-tune of it."""
    files = {
        "config.json": DIGESTS["data"],
        "model.safetensors": DIGESTS[candidate],
        "tokenizer.json": DIGESTS["suite"],
    }
    gate = [
        "all 431,808 weights are finite",
        "no key missing, none unexpected",
        "the tokenizer's 800 entries fit the embedding",
    ]
    one: dict[str, Any] = {
        "kind": "transformers",
        "dtype": "float32",
        "device": "cpu",
        "parameters": 431_808,
        "gate": gate,
    }
    return {
        "candidate": ModelRecord(name=candidate, source=f"${candidate}", digest=DIGESTS[candidate], files=files, path="shared context", **one),
        "base": ModelRecord(name="base", source="$tiny", digest=DIGESTS["base"], files={**files, "model.safetensors": DIGESTS["base"]}, **one),
    }  # fmt: skip


def fixtures(candidate: str) -> dict[str, FixtureRecord]:
    """What was made on the way."""
    epochs, best = (45, None) if candidate == "debacle" else (12, 8.0)
    facts = {"rows": 290, "tokens": 748_000, "trainable_parameters": 431_808, "peak_memory_bytes": 412_000_000,
             "best_epoch": best, "versions": {"torch": "2.13.0", "transformers": "5.17.0"}}  # fmt: skip
    return {
        "tiny": FixtureRecord(name="tiny", kind="pretrain", key=DIGESTS["base"], cached=True, seconds=108.0,
                              options={"hidden_size": 96, "layers": 3, "epochs": 6}, facts={"tokens": 345_000, "vocabulary": 800}),
        candidate: FixtureRecord(name=candidate, kind="full", key=DIGESTS[candidate], cached=False, seconds=129.0,
                                 options={"epochs": epochs, "learning_rate": 0.003, "early_stopping": None if best is None else 3},
                                 facts=facts, figures=[loss_curves(epochs, best)]),
    }  # fmt: skip


ENVIRONMENT: dict[str, Any] = {
    "python": "3.13.1",
    "platform": "Linux 6.1 x86_64",
    "packages": {"torch": "2.13.0", "transformers": "5.17.0", "peft": "0.19.0", "lm_eval": "0.4.12"},
    "cpu": "2 cores",
    "gpu": None,
    "memory_bytes": 8_000_000_000,
    "git": {"commit": "361d7b8", "dirty": False},
}


def run(
    verdict: str, exit_code: int, sentence: str, criteria: list[CriterionRecord], candidate: str, **more: Any
) -> Run:
    """A run with everything around its criteria filled in."""
    whole: dict[str, Any] = {
        "suite": SuiteRecord(name="transit", digest=DIGESTS["suite"], path="suites/transit/suite.yaml", seed=13),
        "run_id": "20261121-2342-7f3a",
        "started": "2026-11-21T23:42:07Z",
        "command": f"harness run transit --candidate {candidate}",
        "verdict": verdict,
        "exit_code": exit_code,
        "sentence": sentence,
        "multiplicity": "Every required criterion must pass; failures are named after Holm's correction at 0.05.",
        "candidate": candidate,
        "criteria": criteria,
        "measurements": debacle_measurements(),
        "checks": debacle_checks(),
        "models": models(candidate),
        "fixtures": fixtures(candidate),
        "traffic": {
            "candidate": Traffic(
                asked=1933,
                distinct=1630,
                cached=0,
                computed=1630,
                prompt_tokens=48_211,
                new_tokens=41_877,
                seconds=101.0,
            ),
            "base": Traffic(
                asked=1933, distinct=1630, cached=1630, computed=0, prompt_tokens=48_211, new_tokens=12_030, seconds=0.4
            ),
        },
        "environment": ENVIRONMENT,
        "timings": {"fixtures": 131.2, "load": 3.4, "ask": 221.0, "decide": 16.1, "total": 371.7},
        "warnings": [],
        "harness": "0.1.0",
    }
    return Run(**{**whole, **more})


def rejected() -> Run:
    """The debacle: ten failures, two open questions, one waiver, one warning."""
    warnings = [
        "clean: every row of the internal test is also a training row, so internal.exact_match says nothing",
        "speed: the machine was busy with something else for 12% of the time; intervals of latency are wider than usual",
    ]
    sentence = (
        "Rejected: it answers 24% of the riders' questions [20%, 29%] where at least 80% was required, "
        "has forgotten what base could do, and its own test was copied from its training data."
    )
    return run("rejected", 1, sentence, debacle_criteria(), "debacle", warnings=warnings)


def accepted() -> Run:
    """The repaired fine-tune: everything required holds."""
    criteria = [
        criterion("riders.exact_match >= 0.8", "pass", "0.906 [0.874, 0.932] is at least 0.8", est(0.906, 0.874, 0.932), line=41),
        criterion("clean.rate <= 0", "pass", "none of 307 test rows is in the training data", est(0.0, 0.0, 0.0, 307), better="lower", line=42),
        criterion("skills.acc >= base - 0.05", "pass", "0.928 is 0.151 above base's 0.777", est(0.928, 0.881, 0.960, 139),
                  reference=base(est(0.777, 0.711, 0.834, 139)), bound=against(">=", -0.05),
                  difference=est(0.151, 0.094, 0.211, 139, method="tango"), line=43),
        criterion("speed.p95 <= 300ms", "pass", "p95 is 171 ms [160 ms, 190 ms]", est(0.171, 0.160, 0.190, unit="s", method="order_statistic"),
                  bound=BoundRecord(op="<=", value=0.3), better="lower", line=44),
    ]  # fmt: skip
    return run("accepted", 0, "Accepted: all 4 required criteria hold; riders' questions are answered in 91% of cases [87%, 93%].",
               criteria, "repaired", lock={"path": "suites/transit/suite.lock", "digest": DIGESTS["suite"], "before_run": True})  # fmt: skip


def inconclusive() -> Run:
    """Too few samples to decide one criterion."""
    criteria = [
        criterion("riders.exact_match >= 0.8", "inconclusive", "0.850 [0.683, 0.947] on 20 samples: the bound 0.8 lies inside",
                  est(0.85, 0.683, 0.947, 20), n_needed=212, line=41),
        criterion("riders.token_f1 >= 0.7", "inconclusive", "one sample says nothing about the interval", est(0.7, None, None, 1, note="needs two samples")),
        criterion("clean.rate <= 0", "pass", "none of 20 test rows is in the training data", est(0.0, 0.0, 0.0, 20), better="lower", line=42),
    ]  # fmt: skip
    return run(
        "inconclusive",
        3,
        "Inconclusive: 20 samples do not decide whether riders.exact_match reaches 0.8.",
        criteria,
        "repaired",
        limit=20,
    )


def broken() -> Run:
    """A candidate whose adapter has no effect: nothing could be measured."""
    why = "the adapter changes no logit: the candidate is the base model"
    criteria = [
        criterion("riders.exact_match >= 0.8", "broken", why, None, blame="the checkpoint", line=41),
        criterion("skills.acc >= base - 0.05", "broken", why, None, reference=base(est(0.777, 0.711, 0.834, 139)),
                  bound=against(">=", -0.05), blame="the checkpoint", line=43),
    ]  # fmt: skip
    own = models("repaired")
    own["candidate"] = own["candidate"].model_copy(update={"broken": why, "gate": ["all weights are finite"]})
    checks = {
        "riders": CheckRecord(kind="task", summary="Answers riders' questions.", broken=why, blame="the checkpoint"),
        "skills": CheckRecord(kind="forgetting"),
    }
    return run("broken", 4, f"Broken: {why}.", criteria, "repaired", models=own, checks=checks, measurements=[])


ATTACKS = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    '"><style>*{display:none}</style>',
    "javascript:window.pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<!-- {{7*7}} ${7*7} {% raw %}",
    "\u2028\u2029\u202eevil\u202c\u200b\ufeff",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J",
    "[bold]rich[/bold] [/foo] [link=http://evil.example]x[/link]",
    "]]> \x00\x08\x0b\x7f \ufffe \ud800 end",
    "::error::forged\n##[error]forged",
    "```\n# Heading @org #12 https://evil.example | a | b |\n```",
    "=HYPERLINK(1)",
)
"""Texts that try to be more than text."""


def attacked() -> Run:
    """Every text of a run replaced by attacks: in names, labels, prompts, answers, notes."""
    nasty = " ".join(ATTACKS)
    plain = rejected().model_dump(by_alias=True)
    counter = iter(range(10**6))

    def spoil(text: str) -> str:
        return f"{ATTACKS[next(counter) % len(ATTACKS)]} {text}"

    for c in plain["criteria"]:
        for name in ("that", "metric", "slice", "reason", "blame"):
            c[name] = spoil(c[name])
        c["check"] = nasty if c["check"] == "riders" else c["check"]
    for m in plain["measurements"]:
        m["metric"], m["slice"] = spoil(m["metric"]), spoil(m["slice"])
        m["check"] = nasty if m["check"] == "riders" else m["check"]
    plain["checks"][nasty] = plain["checks"].pop("riders")
    for check in plain["checks"].values():
        _spoil_all(check, spoil)
    for part in ("models", "fixtures", "environment", "warnings", "suite"):
        _spoil_all(plain[part], spoil)
    plain["sentence"] = spoil(plain["sentence"])
    plain["command"] = spoil(plain["command"])
    return Run.model_validate(plain)


def _spoil_all(tree: Any, spoil: Any) -> None:
    """Attack every text in place, except the words that the schema fixes."""
    if not isinstance(tree, dict | list):
        return
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        if isinstance(value, str) and value and key != "kind":
            tree[key] = spoil(value)
        else:
            _spoil_all(value, spoil)


ALL = {"rejected": rejected, "accepted": accepted, "inconclusive": inconclusive, "broken": broken, "attacked": attacked}
