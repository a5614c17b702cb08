"""From pairs of repeats to ratios, their intervals and verdicts."""
import random
import statistics

RESAMPLES = 10_000


def throughput(repeat):
    """In 10^9 bytes a second."""
    return repeat["bytes"] / repeat["seconds"] / 1e9


def processor(repeat):
    """In processor seconds for 10^9 bytes."""
    return repeat["cpu_seconds"] / repeat["bytes"] * 1e9


def ratio(measure, left, right):
    """The median of the ratios of each pair, with its 90 % bootstrap interval."""
    ratios = [measure(a) / max(measure(b), 1e-9) for a, b in zip(left, right)]
    seeded = random.Random(0)
    medians = sorted(
        statistics.median(seeded.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
    )
    low, high = medians[int(0.05 * RESAMPLES)], medians[int(0.95 * RESAMPLES) - 1]
    return {"median": statistics.median(ratios), "low": low, "high": high, "of": ratios}


def at_least(target, found):
    if target is None:
        return None
    if found["median"] >= target:
        return "met"
    return "missed" if found["high"] < target else "open"


def at_most(target, found):
    if target is None:
        return None
    if found["median"] <= target:
        return "met"
    return "missed" if found["low"] > target else "open"


def compare(race, peer, repeats):
    """One line of the table: our side against one other, and against itself."""
    ours, again, theirs = repeats["ours"], repeats["ours again"], repeats[peer]
    speed, effort = ratio(throughput, ours, theirs), ratio(processor, ours, theirs)
    return {
        "race": race.name,
        "memory": race.memory,
        "peer": peer,
        "pairs": len(ours),
        "ours_gb_s": statistics.median(map(throughput, ours)),
        "peer_gb_s": statistics.median(map(throughput, theirs)),
        "throughput": speed,
        "throughput_target": race.throughput,
        "throughput_verdict": at_least(race.throughput, speed),
        "ours_cpu_s_gb": statistics.median(map(processor, ours)),
        "peer_cpu_s_gb": statistics.median(map(processor, theirs)),
        "cpu": effort,
        "cpu_target": race.cpu,
        "cpu_verdict": at_most(race.cpu, effort),
        "same_throughput": ratio(throughput, ours, again),
        "same_cpu": ratio(processor, ours, again),
    }


def _interval(found):
    return f"{found['median']:.2f} [{found['low']:.2f}–{found['high']:.2f}]"


def _verdict(target, sign, verdict):
    return "" if target is None else f"{sign} {target:g} **{verdict}**"


HEADER = (
    "| race | memory | peer | GB/s ours / peer | throughput ratio | target | CPU-s/GB ours / peer "
    "| CPU ratio | target | A/A throughput | A/A CPU | huge pages ours / peer |\n" + "|---" * 12 + "|"
)


def row(line):
    cells = [
        line["race"],
        line["memory"],
        line["peer"],
        f"{line['ours_gb_s']:.2f} / {line['peer_gb_s']:.2f}",
        _interval(line["throughput"]),
        _verdict(line["throughput_target"], "≥", line["throughput_verdict"]),
        f"{line['ours_cpu_s_gb']:.3f} / {line['peer_cpu_s_gb']:.3f}",
        _interval(line["cpu"]),
        _verdict(line["cpu_target"], "≤", line["cpu_verdict"]),
        _interval(line["same_throughput"]),
        _interval(line["same_cpu"]),
        f"{line['ours_huge']:.0%} / {line['peer_huge']:.0%}",
    ]
    return "| " + " | ".join(cells) + " |"
