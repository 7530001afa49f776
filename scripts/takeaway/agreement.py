"""The numbers that a run tells in several places, and whether they agree."""

import json
import os
import re
import signal
import time

SAMPLE = re.compile(r'^faucet_(\w+)\{(.*)\} (\S+)$', re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
PATIENCE = 15


def until(look):
    """What `look` finds, or `None` where it finds nothing in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    return None


def settled(run):
    """The metrics, once everything that has arrived is delivered and nothing changes."""
    first, arrived = of_metrics(run.get("/metrics"))
    time.sleep(0.3)
    second, later = of_metrics(run.get("/metrics"))
    is_settled = first["read"] == first["delivered"] == arrived == later and first == second
    return first if is_settled else None


def asked(run):
    """The report that SIGUSR1 asks for."""
    try:
        with open(run.report_file, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def compare(run):
    """The metrics of a run to which nothing comes, and what differs from them elsewhere."""
    metrics = until(lambda: settled(run))
    if not metrics:
        return None, ["what has arrived is not read and delivered in time"]
    since = time.time_ns() // 1_000_000
    if os.path.exists(run.report_file):
        os.unlink(run.report_file)
    run.signal(signal.SIGUSR1)

    def event():
        state = json.loads(run.event or b"{}")
        return state if state.get("now", 0) > since else None

    report, page = until(lambda: asked(run)), until(event)
    if not report or not page:
        return metrics, [f"no {'event of the page' if report else 'report of SIGUSR1'} in time"]
    told = {
        "the file of the report": of_report(report),
        "/report": of_report(json.loads(run.get("/report"))),
        "the page": of_page(page),
        "/metrics afterwards": of_metrics(run.get("/metrics"))[0],
    }
    differing = {where: numbers for where, numbers in told.items() if numbers != metrics}
    return metrics, [f"{where} has {of}, /metrics {metrics}" for where, of in differing.items()]


def of_report(report):
    """The numbers that must agree, from a report."""
    source, sink = report["components"]["source"], report["components"]["sink"]
    return {
        "read": source["records"], "read bytes": source["bytes"], "taken": sink["records"],
        "bytes": sink["bytes"], "delivered": sink["delivered"],
        "unconfirmed": sink.get("unconfirmed", 0), "gaps": len(report["gaps"]) + report["more_gaps"],
        "gap seconds": report["disconnected_seconds"], "reconnects": report["reconnects"],
        "skipped": {name: n for name, n in report["skipped"].items() if n},
    }


def of_metrics(text):
    """The same from /metrics, and how many records have arrived."""
    found = {}
    for name, labels, value in SAMPLE.findall(text):
        labels = dict(LABEL.findall(labels))
        own = labels.get("reason") or labels.get("cause") or ""
        found.setdefault((name, labels.get("component")), {})[own] = float(value)
    one = lambda name, of: found.get((name, of), {}).get("", 0)
    skipped = {}
    for of in ("source", "sink"):
        for reason, n in found.get(("skipped_total", of), {}).items():
            if n:
                skipped[reason] = skipped.get(reason, 0) + n
    return {
        "read": one("records_total", "source"), "read bytes": one("payload_bytes_total", "source"),
        "taken": one("records_total", "sink"), "bytes": one("payload_bytes_total", "sink"),
        "delivered": one("delivered_records_total", "sink"),
        "unconfirmed": one("unconfirmed_records_total", "sink"),
        "gaps": one("gaps_total", "source"), "gap seconds": one("gap_seconds_total", "source"),
        "reconnects": sum(found.get(("reconnects_total", "source"), {}).values()),
        "skipped": skipped,
    }, one("arrived_records_total", "source")


def of_page(state):
    """The same from an event of the page."""
    by_id = {of["id"]: of for of in state["components"]}
    source, sink = by_id["source"], by_id["sink"]
    skipped = {}
    for of in (source, sink):
        runner = {name: of["counts"].get(name, 0) for name in ("not_written", "dropped", "rejected")}
        for reason, n in [*of["skipped"].items(), *runner.items()]:
            if n:
                skipped[reason] = skipped.get(reason, 0) + n
    return {
        "read": source["counts"]["records"], "read bytes": source["counts"]["bytes"],
        "taken": sink["counts"]["records"], "bytes": sink["counts"]["bytes"],
        "delivered": sink["counts"]["delivered"], "unconfirmed": sink["counts"].get("unconfirmed", 0),
        "gaps": len(state["gaps"]) + state["gaps_before"], "gap seconds": state["gap_seconds"],
        "reconnects": sum(source["reconnect_causes"].values()), "skipped": skipped,
    }
