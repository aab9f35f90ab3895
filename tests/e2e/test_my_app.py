"""The README's app that shares the service's process does what it says."""

import re

from tests.e2e.service import PROJECT, Service, eventually

EXAMPLE = re.compile(r'```python\n("""my_app\.py.*?)```', re.DOTALL)
PRINTED = re.compile(r"^(good until|polled|sent) (.+)$", re.MULTILINE)


def test_the_readmes_app_runs_beside_the_service(service: Service) -> None:
    assert service.stop() == 0
    found = EXAMPLE.search((PROJECT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    service.script = service.folder / "my_app.py"
    service.script.write_text(found[1], encoding="utf-8")
    service.settings |= {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}

    service.start()

    eventually(lambda: len(PRINTED.findall(service.log.read_text())) == 3, what="what the app prints")
    printed = dict(PRINTED.findall(service.log.read_text()))
    assert re.fullmatch(r"20\d\d-\d\d-\d\d .*\+00:00", printed["good until"])
    assert "'github'" in printed["polled"]
    (sent,) = [event for event in service.events("ada") if event["type"] == "order_shipped"]
    assert (sent["cursor"], sent["number"]) == (printed["sent"], 7)
