#!/usr/bin/env python3
"""Run Tokio's published tests on simulated hosts: each test alone, once for each seed.

  simulate.py --facade PATH --preload LIBRARY                 # the tests of simulated.txt
  simulate.py --facade PATH --preload LIBRARY --only 'udp*'   # all tests of these files
  simulate.py ... --seeds 100 --write                         # write the list anew

The binaries are those that conformance.py builds; nothing is linked into them.
LIBRARY is tests/sim/preload, which puts a simulated world before the C library.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import queue
import re
import sys
import tempfile
import time

import conformance
from conformance import HERE, Binary, Die, Plan, execute, read_passing, say

LIST = HERE / "simulated.txt"
HEADER = ["# Tokio's published tests that pass on simulated hosts; they must not fail again.",
          "# Written by `tests/conformance/simulate --write`: file::test."]


class Simulation:
    """How tests are run in the simulation."""

    def __init__(self, opts):
        self.opts = opts
        self.processors = queue.SimpleQueue()
        for processor in sorted(os.sched_getaffinity(0))[:opts.jobs]:
            self.processors.put(processor)

    def run(self, binary, name):
        """Runs one test with all seeds: None if it passes, or what is said, and how long it took."""
        opts = self.opts
        # One processor for each test: its seeds run one after the other.
        processor = self.processors.get()
        with tempfile.TemporaryDirectory(prefix="simulated-") as traces:
            env = dict(binary.env, TMPDIR=traces, SELKIE_SIM_RUNS=str(opts.seeds),
                       SELKIE_SIM_REPEATS=str(opts.repeats), SELKIE_SIM_TIMEOUT=str(opts.seed_timeout))
            if opts.seed is not None:
                env["SELKIE_SIM_SEED"] = str(opts.seed)
            # `taskset` and `env` themselves are not to be simulated.
            command = ["taskset", "-c", str(processor), "env", f"LD_PRELOAD={opts.preload}", str(binary.exe),
                       "--exact", name, "--nocapture", "--test-threads=1"]
            how, code, text, seconds = execute(command, binary.cwd, env, opts.timeout, opts.mem_limit_gb << 30)
        self.processors.put(processor)
        if how != "exit":
            return f"ended for {how} after {seconds:.0f} s: {text[-300:]}", seconds
        if code == 0 and "seeds passed" in text:
            return None, seconds
        return (text if opts.verbose else why(text)), seconds


def why(text):
    """The seed that failed, and what it said first."""
    seed = re.search(r"^seed (\d+) failed", text, re.M)
    said = re.findall(r"panicked at (?!os/sim|tests/sim|core/src/ops)(.*(?:\n.*){0,3})", text)
    said = said[1] if len(said) > 1 and "builder.rs" in said[0] else said[0] if said else ""
    if not said:
        after = text.find("failed, of ")
        said = text[after:after + 600]
    return f"seed {seed[1] if seed else '?'}: {' '.join(said.split())[:400]}"


def wanted_tests(opts, plan):
    """The tests to run, by file."""
    listed = {}
    source = HERE / "passing.txt" if opts.only or opts.write else LIST
    for line in read_passing(source):
        stem, _, name = line.partition("::")
        if name and stem in plan.files:
            listed.setdefault(stem, []).append(name)
    if not opts.only:
        return listed
    chosen = {}
    for glob in opts.only:
        by_file, _, by_test = glob.partition("::")
        for stem in fnmatch.filter(listed, by_file):
            names = fnmatch.filter(listed[stem], by_test or "*")
            chosen.setdefault(stem, []).extend(n for n in names if n not in chosen.get(stem, []))
    return {stem: names for stem, names in chosen.items() if names}


def simulate(opts):
    plan = Plan("tokio-1.54", opts)
    plan.slow = {}
    plan.prepare()
    tests = wanted_tests(opts, plan)
    if not tests:
        raise Die("no test is selected")
    executables, errors, _ = plan.build(sorted(tests))
    for stem in sorted(set(tests) - set(executables)):
        say(f"{stem} does not compile: {errors.get(stem)}")
    say(f"  built {len(executables)}/{len(tests)} files in {plan.build_seconds:.0f} s")
    simulation = Simulation(opts)
    work = [(stem, name) for stem in sorted(executables) for name in sorted(tests[stem])]
    if opts.part:
        at, of = map(int, opts.part.split("/"))
        work = work[at - 1::of]
    binaries = {stem: Binary(plan, stem, exe) for stem, exe in executables.items()}
    started = time.time()
    passed, slow = [], []

    def job(item):
        stem, name = item
        said, seconds = simulation.run(binaries[stem], name)
        if said is not None:
            say(f"FAILED {stem}::{name} ({seconds:.1f} s)\n  {said}")
        return item, said is None, seconds

    with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
        for (stem, name), is_well, seconds in pool.map(job, work):
            if is_well:
                passed.append(f"{stem}::{name}")
            slow.append((seconds, f"{stem}::{name}"))
    slow.sort(reverse=True)
    say("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in slow[:8]))
    say(f"simulated: {len(passed)} of {len(work)} tests pass, {opts.seeds} seeds each, in {time.time() - started:.0f} s")
    if opts.write:
        LIST.write_text("\n".join(HEADER + sorted(passed)) + "\n")
        return 0
    return 0 if len(passed) == len(work) and len(executables) == len(tests) else 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--facade", metavar="PATH", required=True, help="directory of the crate named tokio")
    p.add_argument("--preload", metavar="LIBRARY", required=True, type=pathlib.Path, help="what tests/sim/preload is built to")
    p.add_argument("--only", metavar="GLOB", action="append", help="FILEGLOB or FILEGLOB::TESTGLOB; may be repeated")
    p.add_argument("--part", metavar="N/OF", help="every OFth test, beginning with the Nth")
    p.add_argument("--seeds", type=int, default=10, help="for each test (10)")
    p.add_argument("--seed", type=int, help="this seed alone")
    p.add_argument("--repeats", type=int, default=1, help="runs of each seed, with equal traces (1)")
    p.add_argument("--seed-timeout", type=int, default=60, metavar="SECONDS", help="for one seed (60)")
    p.add_argument("--timeout", type=int, default=300, metavar="SECONDS", help="for one test (300)")
    p.add_argument("--jobs", type=int, default=2, help="compile jobs, and tests run at once (2)")
    p.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/conformance"))
    p.add_argument("--mem-limit-gb", type=int, default=4)
    p.add_argument("--offline", action="store_true")
    p.add_argument("--debuginfo", type=int, default=0)
    p.add_argument("--write", action="store_true", help="write the list of what passes")
    p.add_argument("-v", "--verbose", action="store_true", help="show all that a failed test says")
    opts = p.parse_args()
    opts.cfg_unstable, opts.single_timeout, opts.preload = False, 0, opts.preload.resolve()
    opts.scratch = opts.scratch.resolve()
    opts.scratch.mkdir(parents=True, exist_ok=True)
    try:
        return simulate(opts)
    except Die as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
