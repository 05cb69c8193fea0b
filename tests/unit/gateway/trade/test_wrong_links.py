"""Wrong links: whatever a stranger tries, in whatever language, the answer is one friendly page."""

from __future__ import annotations

import pytest

from gateway.pages import languages
from hlf import errors

UNKNOWN = errors.EvaluateError("refused/LINK_UNKNOWN: the link belongs to no journey")
WRONG = ("x" * 43, "a", "' OR 1=1 --", "%F0%9F%93%A6", "x" * 43 + ".3", "..%2f..%2fetc", "x" * 5000)


def addresses(app) -> list[str]:
    """Return the address of every page behind a link, with a place for the link."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/track/") and "GET" in rule.methods]
    more = {"return_id": "return-1", "digest": "0" * 64}
    return [
        rule.rule.replace("<token>", "LINK")
        .replace("<return_id>", more["return_id"])
        .replace("<digest>", more["digest"])
        for rule in rules
    ]


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_wrong_link_gets_the_same_page(app, client, ledgers, language):
    """Of every address behind a link; but for the way back from the switch of languages, byte for byte."""
    ledgers.answers |= dict.fromkeys(("Journeys:track", "Returns:track", "Journeys:linked"), UNKNOWN)
    told = set()
    for address in addresses(app):
        for wrong in WRONG:
            path = address.replace("LINK", wrong)
            answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
            if "%2f" in path:
                assert answer.status_code == 404
                continue
            text = answer.get_data(as_text=True)
            head, _, rest = text.partition('name="back" value="')
            told.add((answer.status_code, answer.mimetype, head, rest.partition('"')[2]))
    assert len(told) == 1
    ((status, _, head, _),) = told
    assert status == 404
    assert f'lang="{language}"' in head
