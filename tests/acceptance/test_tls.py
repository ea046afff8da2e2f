"""Judges behind HTTPS, through the command: a certificate that nobody vouches for ends the asking before it begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certificates import certificate
from facts import files, sound
from loopback import Server, serving

pytest.importorskip("cryptography", reason="no cryptography: certificates cannot be made")

KEY = "sk-verysecretkey0123456789abcdef"
SUITE = """
suite: judged
models:
  candidate: {replay: said.jsonl}
  judge: {endpoint: URL, model: tiny, api_key: "${env:JUDGE_KEY}", timeout: 20, retries: 1}
checks:
  answers: {task: {data: rows.jsonl, metrics: [valid_rate]}}
  good: {rubric: {of: answers, judge: judge, rubric: rubric.yaml, labels: labels.jsonl, probe: 0, retest: 0}}
accept: [good.pass_rate >= 0.5]
"""
FILES = files(20)

Secured = Callable[..., tuple[Any, Server]]


@pytest.fixture
def secured(harness: Callable[..., Any], suite: Callable[..., Path], tmp_path: Path) -> Secured:
    """`secured(trusted=…)` runs the suite with a judge behind a certificate that signs itself."""

    def run(
        *, trusted: bool, text: str = SUITE, environment: dict[str, str] | None = None, **made: Any
    ) -> tuple[Any, Server]:
        shown = certificate(tmp_path, **made)
        trust = {"SSL_CERT_FILE": str(shown.pem)} if trusted else {"SSL_CERT_FILE": ""}
        with serving(sound, tls=shown.server) as server:
            path = suite(text.replace("URL", server.url), **FILES)
            return harness("run", path, **{"JUDGE_KEY": KEY, **trust, **(environment or {})}), server

    return run


def test_a_certificate_that_one_was_told_to_trust_serves_a_judge(secured: Secured) -> None:
    done, server = secured(trusted=True)
    assert (done.code, done.verdicts()) == (0, {"good.pass_rate >= 0.5": "pass"})
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    assert len(server.asked) == 120


@pytest.mark.parametrize(
    ("trusted", "made", "why"),
    [
        (False, {}, "self-signed certificate"),
        (True, {"address": "10.1.2.3"}, "certificate is not valid for '127.0.0.1'"),
        (True, {"days": 2}, "certificate has expired"),
    ],
    ids=["self-signed", "of another host", "expired"],
)
def test_a_certificate_that_is_not_trusted_breaks_before_anything_is_sent(
    secured: Secured, trusted: bool, made: dict[str, Any], why: str
) -> None:
    # What other programs take as leave to trust everybody is none here.
    loose = {
        "PYTHONHTTPSVERIFY": "0",
        "CURL_CA_BUNDLE": "",
        "REQUESTS_CA_BUNDLE": "",
        "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    }
    done, server = secured(trusted=trusted, environment=loose, **made)
    assert (done.code, done.result["verdict"]) == (4, "broken")
    assert (server.asked, server.headers) == ([], [])
    broken = done.result["checks"]["good"]["broken"]
    place = server.url.removesuffix("/v1")
    assert (
        f"the server of models.judge, {place}: the server's certificate is not trusted, so nothing was sent" in broken
    )
    assert why in broken
    assert "set SSL_CERT_FILE to a file with that certificate (PEM)" in broken
    assert "the server's certificate is not trusted" in done.out
    assert KEY not in done.out + done.err + (done.folder / "result.json").read_text("utf-8")


def test_nothing_in_a_suite_leaves_certificates_unchecked(secured: Secured) -> None:
    done, server = secured(trusted=False, text=SUITE.replace("retries: 1", "verify: false"))
    assert (done.code, server.asked) == (2, [])
    assert "model 'judge': unknown key 'verify'" in done.err


def test_certificates_to_trust_that_are_not_there_are_said(secured: Secured, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere.pem")
    done, server = secured(trusted=True, environment={"SSL_CERT_FILE": nowhere})
    assert (done.code, server.asked) == (4, [])
    broken = done.result["checks"]["good"]["broken"]
    assert f"the certificates to trust cannot be read (SSL_CERT_FILE={nowhere}): " in broken
