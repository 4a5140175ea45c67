#!/usr/bin/env python3
"""Run the integration tests shipped inside the published Tokio packages
against a crate named `tokio` (the "facade"), and say how much of them passes.

  conformance.py --suite tokio-1.54                      # baseline: real tokio
  conformance.py --suite tokio-1.54 --facade PATH        # against a facade crate
  conformance.py --suite tokio-1.54 --facade PATH --json out.json

The tests are read at run time from the cargo registry of this machine (the
ordinary cargo client puts them there) and copied to a scratch directory; no
part of them lives in this repository.  Only the names of the tests that pass
with the real tokio are kept, in baseline-<suite>.txt beside this script; they
are the denominator of every report.

Python standard library only (3.11 or newer, for tomllib).
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
REAL_TOKIO = "1.54.1"  # the real tokio under the suites that are not tokio itself

TOKIO_PARTS = ["fs", "io-util", "io-std", "macros", "net", "parking_lot", "process", "rt",
               "rt-multi-thread", "signal", "sync", "time"]

# package, version       what is tested, pinned: a baseline belongs to one version
# features               of the package under test, and what cfg(feature) sees in the tests
# unstable_features      added under --cfg-unstable
# real_tokio             the tokio of the baseline run
SUITES = {
    "tokio-1.48": dict(package="tokio", version="1.48.0", real_tokio="1.48.0",
                       features=["full", "test-util"],
                       unstable_features=["tracing", "io-uring", "taskdump"]),
    "tokio-1.54": dict(package="tokio", version="1.54.1", real_tokio="1.54.1",
                       features=["full", "test-util"],
                       unstable_features=["tracing", "io-uring", "taskdump", "schedule-latency"]),
}

# Never run: these open a connection to a host on the Internet.
EXCLUDED_TESTS = {
    ("rt_unstable_metrics", "io_driver_fd_count"): "connects to an Internet host",
    ("rt_unstable_metrics", "io_driver_ready_count"): "connects to an Internet host",
}
# Not counted as compile-only files: they assert nothing about the API.
TRIVIAL_FILES = {"_require_full"}
# Dependencies of the published package that the tests never name.
DROPPED_DEPS = {"tokio", "tokio-macros", "windows-sys", "wasm-bindgen-test", "mio-aio", "loom"}

RESULT_OK, RESULT_FAILED, RESULT_IGNORED = "ok", "FAILED", "ignored"
RESULT_TIMEOUT, RESULT_CRASH, RESULT_NOTRUN = "timeout", "crash", "not-run"

print_lock = threading.Lock()


def say(*words):
    with print_lock:
        print(*words, flush=True)


class Die(Exception):
    """A failure of the harness itself (not of a test)."""


# ----------------------------------------------------------------- cargo

def clean_env(unstable):
    env = dict(os.environ)
    for name in ("RUSTC", "RUSTC_BOOTSTRAP", "RUSTC_WRAPPER", "RUSTFLAGS", "CARGO_TARGET_DIR",
                 "CARGO_ENCODED_RUSTFLAGS", "RUST_TEST_THREADS", "RUST_TEST_NOCAPTURE", "RUST_LOG",
                 "TOKIO_WORKER_THREADS"):
        env.pop(name, None)
    env["CARGO_INCREMENTAL"] = "0"
    env["CARGO_TERM_COLOR"] = "never"
    env["RUST_BACKTRACE"] = "0"
    if unstable:
        env["RUSTFLAGS"] = "--cfg tokio_unstable"
    return env


def cargo(args, cwd, env, opts, **kw):
    command = ["cargo", *args]
    if opts.offline:
        command.append("--offline")
    return subprocess.run(command, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **kw)


def write_if_changed(path, text):
    path = pathlib.Path(path)
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def copy_if_changed(src, dst):
    src, dst = pathlib.Path(src), pathlib.Path(dst)
    data = src.read_bytes()
    if dst.exists() and dst.read_bytes() == data:
        return
    dst.parent.mkdir(parents=True, exist_ok=True)
    dst.write_bytes(data)


def find_package(name, version, opts, env):
    """Directory of a published package in the cargo registry (fetched if need be)."""
    work = opts.scratch / "fetch" / f"{name}-{version}"
    write_if_changed(work / "Cargo.toml", "\n".join([
        "[package]", 'name = "fetch"', 'version = "0.0.0"', 'edition = "2021"', "[workspace]",
        "[dependencies]", f'{name} = "={version}"', ""]))
    write_if_changed(work / "src/lib.rs", "")
    done = cargo(["metadata", "--format-version", "1"], work, env, opts)
    if done.returncode:
        raise Die(f"cargo metadata failed for {name} {version}:\n{done.stderr}")
    for package in json.loads(done.stdout)["packages"]:
        if package["name"] == name and package["version"] == version:
            return pathlib.Path(package["manifest_path"]).parent
    raise Die(f"{name} {version} not found in the cargo registry")


# ------------------------------------------------------- #![cfg(..)] of a test file

def host_cfg(env):
    """The cfg values of the host as a set of 'name' and ('name', 'value')."""
    out = subprocess.run(["rustc", "--print", "cfg"], env=env, text=True, check=True,
                         stdout=subprocess.PIPE).stdout
    found = {"test"}
    for line in out.splitlines():
        name, eq, value = line.partition("=")
        found.add((name, value.strip('"')) if eq else name)
        found.add(name)
    return found


TOKEN = re.compile(r'\s*(?:([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)"|([(),=]))')


def eval_cfg(text, cfg):
    tokens, at = [], 0
    while at < len(text.rstrip()):
        m = TOKEN.match(text, at)
        if not m:
            raise ValueError(text[at:])
        at = m.end()
        tokens.append(("id", m[1]) if m[1] else ("str", m[2]) if m[2] is not None else ("p", m[3]))

    def predicate(i):
        kind, name = tokens[i]
        if kind != "id":
            raise ValueError(text)
        i += 1
        if i < len(tokens) and tokens[i] == ("p", "("):
            i += 1
            values = []
            while tokens[i] != ("p", ")"):
                value, i = predicate(i)
                values.append(value)
                if tokens[i] == ("p", ","):
                    i += 1
            i += 1
            if name == "all":
                return all(values), i
            if name == "any":
                return any(values), i
            if name == "not":
                return not values[0], i
            raise ValueError(name)
        if i < len(tokens) and tokens[i] == ("p", "="):
            return (name, tokens[i + 1][1]) in cfg, i + 2
        return name in cfg, i

    value, end = predicate(0)
    if tokens[end:] not in ([], [("p", ",")]):
        raise ValueError(text)
    return value


def file_is_active(text, cfg):
    """Whether every inner #![cfg(..)] of a file holds; true when in doubt."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    for m in re.finditer(r"#!\[cfg\(", text):
        depth, at = 1, m.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        try:
            if not eval_cfg(text[m.end():at - 1], cfg):
                return False
        except (ValueError, IndexError):
            pass
    return True


# ------------------------------------------------------------- scratch workspace

def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    raise Die(f"unexpected value in a manifest: {value!r}")


def dependency(spec):
    spec = {"version": spec} if isinstance(spec, str) else dict(spec)
    for key in ("optional", "path", "git", "branch", "rev"):
        spec.pop(key, None)
    return spec


def closure(features, table):
    """The features that `features` turn on, themselves included (names only)."""
    found, todo = [], list(features)
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        found.append(name)
        for item in table.get(name, []):
            if ":" not in item and "/" not in item and "?" not in item:
                todo.append(item)
    return found


class Plan:
    """One suite with one tokio: where it is built and what is in it."""

    def __init__(self, suite, opts):
        self.suite, self.opts = suite, opts
        self.spec = SUITES[suite]
        self.name = suite + ("-unstable" if opts.cfg_unstable else "")
        self.env = clean_env(opts.cfg_unstable)
        self.baseline_path = HERE / f"baseline-{self.name}.txt"
        self.facade = pathlib.Path(opts.facade).resolve() if opts.facade else None
        tag = "real"
        if self.facade:
            tag = "facade-" + hashlib.sha256(str(self.facade).encode()).hexdigest()[:8]
        self.work = opts.scratch / f"{self.name}-{tag}"
        self.target = opts.scratch / ("target-unstable" if opts.cfg_unstable else "target")
        self.env["CARGO_TARGET_DIR"] = str(self.target)
        self.notes = []

    def facade_features(self):
        manifest = tomllib.loads((self.facade / "Cargo.toml").read_text())
        if manifest.get("package", {}).get("name") != "tokio":
            raise Die(f"{self.facade} holds no package named tokio")
        names = set(manifest.get("features", {}))
        tables = [manifest.get("dependencies", {})]
        tables += [t.get("dependencies", {}) for t in manifest.get("target", {}).values()]
        explicit = {item[4:] for items in manifest.get("features", {}).values()
                    for item in items if item.startswith("dep:")}
        for table in tables:
            for key, spec in table.items():
                if isinstance(spec, dict) and spec.get("optional") and key not in explicit:
                    names.add(key)
        return names

    def prepare(self):
        opts, spec = self.opts, self.spec
        source = find_package(spec["package"], spec["version"], opts, self.env)
        # Cargo.toml (not .orig) is what cargo itself reads: no workspace inheritance left in it.
        manifest = tomllib.loads((source / "Cargo.toml").read_text())
        self.features = list(spec["features"])
        if opts.cfg_unstable:
            self.features += spec["unstable_features"]
        under_test_is_tokio = spec["package"] == "tokio"

        # the features that cfg(feature = "..") sees in the tests
        table = manifest.get("features", {})
        seen = closure(["default"] + self.features, table)
        if "full" in seen and under_test_is_tokio:
            seen += [p for p in TOKIO_PARTS if p not in seen]
        seen = [n for n in seen if n != "default"]

        # the tokio that is linked
        tokio_features = list(self.features) if under_test_is_tokio else []
        if self.facade:
            known = self.facade_features()
            missing = [f for f in tokio_features if f not in known]
            if missing:
                self.notes.append("the facade declares no feature " + ", ".join(missing))
            tokio_features = [f for f in tokio_features if f in known]
        tokio = {"version": "1" if self.facade else "=" + spec["real_tokio"]}

        # dependencies as published, for every target table
        def group_tables(uses):
            lines = []

            def emit(header, deps):
                rows = {}
                for key, dep in deps.items():
                    dep = dependency(dep)
                    real = dep.get("package", key)
                    if real in DROPPED_DEPS or real == spec["package"]:
                        continue
                    if real.startswith("tokio-") and key not in uses:
                        continue
                    rows[key] = dep
                if rows:
                    lines.append(f"[{header}]")
                    lines.extend(f"{key} = {toml_value(dep)}" for key, dep in rows.items())

            own = {"tokio": dict(tokio, features=tokio_features)}
            if not under_test_is_tokio:
                features = set()
                for t in ("dependencies", "dev-dependencies"):
                    features |= set(dependency(manifest.get(t, {}).get("tokio", "1")).get("features", []))
                own["tokio"]["features"] = sorted(features)
                own[spec["package"]] = {"version": "=" + spec["version"], "features": self.features}
            lines.append("[dependencies]")
            lines.extend(f"{key} = {toml_value(dep)}" for key, dep in own.items())
            deps = {k: d for k, d in manifest.get("dependencies", {}).items() if k not in own}
            rows = []
            for key, dep in deps.items():
                dep = dependency(dep)
                real = dep.get("package", key)
                if real in DROPPED_DEPS or (real.startswith("tokio-") and key not in uses):
                    continue
                rows.append(f"{key} = {toml_value(dep)}")
            lines.extend(rows)
            emit("dev-dependencies", {k: d for k, d in manifest.get("dev-dependencies", {}).items()})
            for cfg, tables in manifest.get("target", {}).items():
                for kind in ("dependencies", "dev-dependencies"):
                    emit(f"target.{json.dumps(cfg)}.{kind}", tables.get(kind, {}))
            return lines

        # which files, and which of the tokio-* helper crates each of them uses
        cfg = host_cfg(self.env) | {("feature", f) for f in seen}
        if opts.cfg_unstable:
            cfg.add("tokio_unstable")
        tests_dir = source / "tests"
        helpers = sorted({k for t in [manifest, *manifest.get("target", {}).values()]
                          for kind in ("dependencies", "dev-dependencies")
                          for k in t.get(kind, {})
                          if k.startswith("tokio-") and k not in DROPPED_DEPS and k != spec["package"]})
        support = {p.stem: p.read_text() for p in (tests_dir / "support").glob("*.rs")} \
            if (tests_dir / "support").is_dir() else {}
        self.files, self.inactive = {}, []
        groups = collections.defaultdict(list)
        for path in sorted(tests_dir.glob("*.rs")):
            text = path.read_text()
            if not file_is_active(text, cfg):
                self.inactive.append(path.stem)
                continue
            if path.stem in TRIVIAL_FILES:
                continue
            whole = text + "".join(support[m] for m in re.findall(r"\bmod (\w+);", text) if m in support)
            uses = tuple(h for h in helpers if re.search(r"\b" + h.replace("-", "_") + r"\b", whole))
            groups[uses].append(path.stem)
            self.files[path.stem] = uses

        # write the workspace: one member for each set of helper crates, so that one helper crate
        # that does not build on a facade hides only the files that use it
        shutil_keep = set()
        members = []
        self.member_of = {}
        for uses, stems in sorted(groups.items()):
            member = "t-" + ("-".join(h.removeprefix("tokio-") for h in uses) or "plain")
            members.append(member)
            root = self.work / member
            shutil_keep.add(root)
            lines = ["[package]", f'name = "{member}"', 'version = "0.0.0"',
                     f'edition = "{manifest["package"].get("edition", "2021")}"', "publish = false",
                     'homepage = "https://tokio.rs"', "autotests = false", "",
                     "[lib]", "test = false", "doctest = false", "",
                     "[lints.rust]", 'unexpected_cfgs = "allow"', "", "[features]",
                     "default = " + toml_value(seen)]
            lines += [f"{name} = []" for name in seen] + [""]
            lines += group_tables(set(uses)) + [""]
            for stem in stems:
                lines += ["[[test]]", f'name = "{stem}"', f'path = "tests/{stem}.rs"', ""]
                copy_if_changed(tests_dir / f"{stem}.rs", root / "tests" / f"{stem}.rs")
                self.member_of[stem] = member
            for path in (tests_dir / "support").glob("*.rs") if support else []:
                copy_if_changed(path, root / "tests" / "support" / path.name)
            write_if_changed(root / "Cargo.toml", "\n".join(lines))
            write_if_changed(root / "src/lib.rs", "")
        for old in self.work.glob("t-*"):
            if old not in shutil_keep:
                shutil.rmtree(old)
        lines = ["[workspace]", 'resolver = "2"', "members = " + toml_value(members), "",
                 "[profile.dev]", f"debug = {opts.debuginfo}", "incremental = false", ""]
        if self.facade:
            lines += ["[patch.crates-io]", f"tokio = {{ path = {json.dumps(str(self.facade))} }}", ""]
        write_if_changed(self.work / "Cargo.toml", "\n".join(lines))
        self.check_resolution()

    def check_resolution(self):
        done = cargo(["metadata", "--format-version", "1"], self.work, self.env, self.opts)
        if done.returncode:
            raise Die("cargo could not resolve the workspace:\n" + done.stderr)
        found = [(p["version"], p["manifest_path"], p["source"])
                 for p in json.loads(done.stdout)["packages"] if p["name"] == "tokio"]
        if self.facade:
            wrong = [f for f in found if f[2] is not None]
            if wrong or not found:
                lock = self.work / "Cargo.lock"
                if lock.exists():   # a lock file from before may hold the registry's tokio
                    lock.unlink()
                    return self.check_resolution_again()
                raise Die(f"the facade is not the only tokio in the graph: {found}\n{done.stderr}")
        self.tokio_version = found[0][0]

    def check_resolution_again(self):
        done = cargo(["metadata", "--format-version", "1"], self.work, self.env, self.opts)
        if done.returncode:
            raise Die("cargo could not resolve the workspace:\n" + done.stderr)
        found = [(p["version"], p["manifest_path"], p["source"])
                 for p in json.loads(done.stdout)["packages"] if p["name"] == "tokio"]
        if not found or any(f[2] is not None for f in found):
            raise Die("the facade is not the only tokio in the graph (its version must satisfy every "
                      f"requirement, so make it 1.54.x): {found}\n{done.stderr}")
        self.tokio_version = found[0][0]

    # ------------------------------------------------------------------- build

    def build(self, wanted):
        """Build the test binaries. Returns ({file: executable}, {file: [errors]}, {dep: [errors]})."""
        args = ["cargo", "build", "--keep-going", "--message-format=json", "-j", str(self.opts.jobs)]
        if self.opts.offline:
            args.append("--offline")
        args.append("--workspace")   # also under --only, so that features and the cache stay the same
        if set(wanted) == set(self.files):
            args.append("--tests")
        else:
            for stem in wanted:
                args += ["--test", stem]
        started = time.time()
        executables, errors, dep_errors = {}, collections.defaultdict(list), collections.defaultdict(list)
        log = open(self.work / "build.log", "w")
        built = 0
        with subprocess.Popen(args, cwd=self.work, env=self.env, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=log) as child:
            for line in child.stdout:
                if not line.startswith("{"):
                    continue
                message = json.loads(line)
                reason = message.get("reason")
                target = message.get("target") or {}
                if reason == "compiler-artifact" and message.get("executable") and "test" in target["kind"]:
                    executables[target["name"]] = message["executable"]
                    if not message.get("fresh"):
                        built += 1
                        if built % 25 == 0:
                            say(f"  … {built} test binaries built, {time.time() - started:.0f} s")
                elif reason == "compiler-message" and message["message"]["level"].startswith("error"):
                    text = brief_error(message["message"])
                    if text:
                        if "test" in target.get("kind", []):
                            errors[target["name"]].append(text)
                        else:
                            dep_errors[target.get("name", "?")].append(text)
        log.close()
        self.build_seconds = time.time() - started
        stderr = (self.work / "build.log").read_text()
        for stem in wanted:
            if stem not in executables and not errors[stem]:
                m = re.search(r"(?m)^error: .*could not compile `[^`]*` \(test \"%s\"\).*" % re.escape(stem), stderr)
                if m:
                    errors[stem].append(m[0])
        if not executables and child.returncode and not dep_errors and not any(errors.values()):
            raise Die("cargo build failed before any test was compiled:\n" + stderr[-4000:])
        return executables, dict(errors), dict(dep_errors)


def brief_error(message):
    """'error[E0432]: text --> file:line' of one rustc diagnostic."""
    text = message["message"]
    if text.startswith(("aborting due to", "could not compile")):
        return None
    code = (message.get("code") or {}).get("code")
    spans = [s for s in message.get("spans", []) if s["is_primary"]]
    where = ""
    if spans:
        span = spans[0]
        outer = span
        while outer.get("expansion") and outer["expansion"].get("span"):
            outer = outer["expansion"]["span"]
        where = f"  --> {outer['file_name']}:{outer['line_start']}"
        label = span.get("label")
        if label and code in ("E0432", "E0433"):
            text += f" ({label})"
    return f"error{'[' + code + ']' if code else ''}: {text.splitlines()[0] if text else ''}{where}"


# ------------------------------------------------------------------- run

def rss_of_group(pid):
    try:
        with open(f"/proc/{pid}/statm") as f:
            return int(f.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def execute(command, cwd, env, timeout, mem_limit):
    """Run in a process group of its own. Returns (how, returncode, output, seconds)."""
    started = time.time()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, start_new_session=True,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        how = "exit"
        pause = 0.005
        while child.poll() is None:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
            if time.time() - started > timeout:
                how = "timeout"
                break
            if rss_of_group(child.pid) > mem_limit:
                how = "memory"
                break
        try:  # the whole group, also what a test left behind
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        child.wait()
        out.seek(0, os.SEEK_END)
        size = out.tell()
        out.seek(max(0, size - 2_000_000))
        text = out.read().decode("utf-8", "replace")
    return how, child.returncode, text, time.time() - started


LINE = re.compile(r"^test (.+?)(?: - should panic[^.]*)? \.\.\. (?:.*?)(ok|FAILED|ignored)\b", re.M)


class Binary:
    def __init__(self, plan, stem, exe):
        self.plan, self.stem, self.exe = plan, stem, exe
        self.opts = plan.opts
        self.cwd = plan.work / plan.member_of[stem]
        self.env = dict(plan.env, CARGO_MANIFEST_DIR=str(self.cwd), CARGO_PKG_NAME=plan.member_of[stem])
        self.env.pop("CARGO_TARGET_DIR", None)
        self.status, self.why, self.flaky = {}, {}, []
        self.note = None
        self.seconds = 0.0
        # a file that is slow with the real tokio gets more time
        slow = plan.slow.get(stem, 0)
        self.timeout = max(self.opts.timeout, 4 * slow)
        self.single_timeout = max(self.opts.single_timeout, 2 * slow)

    def call(self, args, timeout):
        with tempfile.TemporaryDirectory(prefix="conf-") as temp:
            log = pathlib.Path(temp) / "log"
            how, code, text, seconds = execute([self.exe, "--logfile", str(log), *args], self.cwd, self.env,
                                               timeout, self.opts.mem_limit_gb << 30)
            if "Unrecognized option: 'logfile'" in text:   # dropped from a later libtest
                how, code, text, seconds = execute([self.exe, *args], self.cwd, self.env, timeout,
                                                   self.opts.mem_limit_gb << 30)
            logged = log.read_text(errors="replace") if log.exists() else ""
        found = {}
        for line in logged.splitlines():
            name = line.rsplit(" ", 1)[-1]
            if name in self.names:
                found[name] = (RESULT_OK if line.startswith("ok ") else
                               RESULT_IGNORED if line.startswith("ignored") else RESULT_FAILED)
        for name, result in LINE.findall(text):
            if name in self.names:
                found.setdefault(name, result)
        return how, code, text, seconds, found

    def list(self):
        how, code, text, _ = execute([self.exe, "--list"], self.cwd, self.env, 20, self.opts.mem_limit_gb << 30)
        if how != "exit" or code != 0:
            self.note = f"--list did not work ({how}, {code})"
            return False
        self.names = [l[:-len(": test")] for l in text.splitlines() if l.endswith(": test")]
        self.excluded = [n for n in self.names if (self.stem, n) in EXCLUDED_TESTS]
        self.names = [n for n in self.names if n not in self.excluded]
        return True

    def one(self, name):
        """One test alone; returns its result."""
        how, code, text, _, found = self.call(["--test-threads=1", "--exact", name], self.single_timeout)
        if how == "timeout":
            result = RESULT_TIMEOUT
            self.why[name] = f"no end after {self.single_timeout:.0f} s"
        elif name in found:
            result = found[name]
        else:
            result = RESULT_CRASH
            self.why[name] = died(how, code, text)
        if result == RESULT_FAILED:
            self.why[name] = panic_of(name, text)
        return result

    def run(self, want):
        """want: names to look at (None for all)."""
        self.names = []
        if not self.list():
            return
        if want is not None:
            self.names = [n for n in self.names if n in want]
        if not self.names:
            return
        args = [f"--test-threads={self.opts.test_threads}"]
        if want is not None or self.excluded:
            args += ["--exact", *self.names]
        how, code, text, self.seconds, self.status = self.call(args, self.timeout)
        for name, result in self.status.items():
            if result == RESULT_FAILED:
                self.why[name] = panic_of(name, text)
        left = [n for n in self.names if n not in self.status]
        if left:
            self.note = ("hung: killed after %d s" % self.timeout if how == "timeout" else died(how, code, text))
            say(f"  {self.stem}: {self.note}; {len(left)} tests one by one")
            bad = 0
            for name in left:
                if bad >= self.opts.max_hangs:
                    self.status[name] = RESULT_NOTRUN
                    self.why[name] = f"not run: {bad} tests of this file hung or crashed before it"
                    continue
                self.status[name] = self.one(name)
                if self.status[name] in (RESULT_TIMEOUT, RESULT_CRASH):
                    bad += 1
        elif how == "timeout":
            self.note = "every test ended but the process did not"
        # a test that failed gets another try, alone: what passes then is flaky (or the machine was busy)
        for _ in range(self.opts.retries):
            failed = [n for n in self.names if self.status.get(n) == RESULT_FAILED]
            for name in failed[:self.opts.max_retried]:
                before = self.why.get(name)
                if self.one(name) == RESULT_OK:
                    self.status[name] = RESULT_OK
                    self.flaky.append(name)
                    self.why.pop(name, None)
                elif before:
                    self.why[name] = before


def died(how, code, text):
    if how == "memory":
        return "killed: used too much memory"
    tail = [l for l in text.strip().splitlines() if l.strip() and "`--logfile` is deprecated" not in l
            and not re.match(r"running \d+ test|test \S+ .*\.\.\. (ok|ignored)?$", l)][-3:]
    if code is not None and code < 0:
        try:
            what = signal.Signals(-code).name
        except ValueError:
            what = str(-code)
        return f"died of {what}: " + " | ".join(tail)[:300]
    return f"exit code {code}: " + " | ".join(tail)[:300]


def panic_of(name, text):
    """First lines of what a failed test said."""
    m = re.search(r"^---- %s stdout ----\n(.*?)(?=^---- |\nfailures:|\Z)" % re.escape(name), text, re.M | re.S)
    if not m:
        return ""
    lines = [l.strip() for l in m[1].splitlines() if l.strip()]
    for at, line in enumerate(lines):
        hit = re.search(r"panicked at (.*)", line)
        if hit:
            return (hit[1] + " " + " ".join(lines[at + 1:at + 4])).split(" note: ")[0][:260]
    return " ".join(lines[:2])[:260]


# ------------------------------------------------------------------- baseline file

def read_baseline(path):
    tests, only, slow = set(), set(), {}
    if not path.exists():
        return None
    for line in path.read_text().splitlines():
        if line.startswith("# compile-only:"):
            only |= set(line.split(":", 1)[1].split())
        elif line.startswith("# slow:"):
            slow = {f: float(t) for f, _, t in (w.partition("=") for w in line.split(":", 1)[1].split())}
        elif line and not line.startswith("#"):
            tests.add(line)
    return tests, only, slow


def write_baseline(plan, passed, compile_only, left_out, slow):
    rustc = subprocess.run(["rustc", "--version"], env=plan.env, text=True, stdout=subprocess.PIPE).stdout.strip()
    host = os.uname()
    lines = [f"# suite {plan.name}: tests of {plan.spec['package']} {plan.spec['version']} that pass with the "
             f"real tokio {plan.tokio_version}",
             f"# {rustc}; {host.sysname} {host.release} {host.machine}; features: {' '.join(plan.features) or '-'}",
             "# written by conformance.py --write-baseline; one file::test a line"]
    if compile_only:
        lines.append("# compile-only: " + " ".join(sorted(compile_only)))
    if slow:
        lines.append("# slow: " + " ".join(f"{f}={t:.0f}" for f, t in sorted(slow.items())))
    for name, why in sorted(left_out.items()):
        lines.append(f"# left out: {name} ({why})")
    plan.baseline_path.write_text("\n".join(lines + sorted(passed)) + "\n")
    say(f"wrote {plan.baseline_path}")


# ------------------------------------------------------------------- one suite

def run_suite(suite, opts):
    plan = Plan(suite, opts)
    started = time.time()
    say(f"== {plan.name}: {plan.spec['package']} {plan.spec['version']}, "
        + (f"facade {plan.facade}" if plan.facade else f"real tokio {plan.spec['real_tokio']}"))
    plan.prepare()
    for note in plan.notes:
        say("note:", note)
    baseline = read_baseline(plan.baseline_path)
    making = (not plan.facade and not opts.only and not opts.compile_only
              and (opts.write_baseline or baseline is None))
    if plan.facade and baseline is None:
        raise Die(f"no {plan.baseline_path.name}: run this suite once without --facade first")
    base_tests, base_only, plan.slow = baseline or (set(), set(), {})
    base_by_file = collections.defaultdict(set)
    for line in base_tests:
        stem, _, name = line.partition("::")
        base_by_file[stem].add(name)

    # the files to look at
    counted = set(plan.files) if making or baseline is None else (set(base_by_file) | base_only)
    lost = counted - set(plan.files)
    if lost:
        say("note: in the baseline but not in the package:", ", ".join(sorted(lost)))
    # A listed name without a test is a file that has none and must compile.
    wanted, want_tests, listed_files = sorted(counted & set(plan.files)), {}, set()
    if opts.only:
        picked = {}  # file -> the tests wanted of it; None: all
        for glob in opts.only:
            by_file, _, by_test = glob.partition("::")
            for f in (f for f in wanted if fnmatch.fnmatch(f, by_file)):
                if not by_test:
                    picked[f] = None
                elif picked.get(f, ()) is not None:
                    picked.setdefault(f, set()).update(n for n in base_by_file[f] if fnmatch.fnmatch(n, by_test))
        want_tests = {f: names for f, names in picked.items() if names is not None}
        for f, names in want_tests.items():
            base_by_file[f] &= names
        wanted = [f for f in wanted if f in picked and picked[f] != set()]
        counted = set(wanted)
    elif opts.passing and not opts.write_passing:
        # Only the listed tests: what is known to fail may hang, too.
        for line in read_passing(opts.passing):
            stem, _, name = line.partition("::")
            if name:
                want_tests.setdefault(stem, set()).add(name)
            else:
                listed_files.add(stem)
        for stem in base_by_file:
            base_by_file[stem] &= want_tests.get(stem, set())
        wanted = [f for f in wanted if want_tests.get(f) or f in listed_files]
        counted = set(wanted)
    if not wanted:
        raise Die("no test file is selected")

    executables, errors, dep_errors = plan.build(wanted)
    say(f"  built {len(executables)}/{len(wanted)} files in {plan.build_seconds:.0f} s")

    binaries, runs_started = {}, time.time()

    def job(stem):
        binary = Binary(plan, stem, executables[stem])
        binary.run(want_tests.get(stem))
        if opts.verbose:
            say(f"  {stem}: {sum(r == RESULT_OK for r in binary.status.values())}/{len(binary.status)} "
                f"in {binary.seconds:.1f} s")
        return binary

    if not opts.compile_only:
        # a file at a time goes to each worker; the slow ones first would need a history
        with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
            for stem, binary in zip(executables, pool.map(job, list(executables))):
                binaries[stem] = binary
        if making:
            for turn in range(1, opts.repeat):
                say(f"  repetition {turn + 1} of {opts.repeat}")
                with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
                    for stem, again in zip(executables, pool.map(job, list(executables))):
                        first = binaries[stem]
                        first.flaky += [n for n in again.flaky if n not in first.flaky]
                        first.seconds = max(first.seconds, again.seconds)
                        for name, result in again.status.items():
                            if result != first.status.get(name):
                                first.why[name] = f"{first.status.get(name)}, then {result}: {again.why.get(name, '')}"
                                if result != RESULT_OK:
                                    first.status[name] = result
    run_seconds = time.time() - runs_started

    if making:
        passed = {f"{s}::{n}" for s, b in binaries.items() for n, r in b.status.items() if r == RESULT_OK}
        only = {s for s, b in binaries.items() if not b.names and not b.excluded and not b.note}
        left_out = {f"{s}::{n}": why for (s, n), why in EXCLUDED_TESTS.items() if s in plan.files}
        for s, b in binaries.items():
            for n, r in b.status.items():
                if r not in (RESULT_OK, RESULT_IGNORED):
                    left_out[f"{s}::{n}"] = f"{r}: {one_line(b.why.get(n, ''))[:140]}"
            if b.note and not b.status:
                left_out[s] = b.note
        for s in wanted:
            if s not in executables:
                left_out[s] = "does not compile: " + one_line((errors.get(s) or ["?"])[0])[:140]
        slow = {s: b.seconds for s, b in binaries.items() if b.seconds >= 3}
        write_baseline(plan, passed, only, left_out, slow)
        base_tests, base_only, _ = read_baseline(plan.baseline_path)
        base_by_file = collections.defaultdict(set)
        for line in base_tests:
            stem, _, name = line.partition("::")
            base_by_file[stem].add(name)
        counted = set(base_by_file) | base_only

    # ------------------------------------------------------------------ report
    rows = []
    for stem in sorted(counted):
        binary = binaries.get(stem)
        status = binary.status if binary else {}
        expect = base_by_file[stem]
        ok = {n for n in expect if status.get(n) == RESULT_OK}
        bad = sorted(expect - ok)
        rows.append(dict(file=stem, expected=sorted(expect), compiled=stem in executables, baseline=len(expect), passed=len(ok),
                         missing=len(expect) - len(ok), errors=errors.get(stem, []) if stem not in executables else [],
                         note=binary.note if binary else None, seconds=round(binary.seconds, 2) if binary else None,
                         failing=[dict(test=n, result=status.get(n, RESULT_NOTRUN),
                                       why=binary.why.get(n, "") if binary else "") for n in bad]
                         if stem in executables and not opts.compile_only else [],
                         flaky=[n for n in (binary.flaky if binary else []) if n in expect],
                         extra=sorted(n for n, r in status.items() if r == RESULT_OK and n not in expect)))
    compiled = sum(r["compiled"] for r in rows)
    passed = sum(r["passed"] for r in rows)
    total = sum(r["baseline"] for r in rows)
    report(plan, rows, errors, dep_errors, executables, opts)
    say(f"time: build {plan.build_seconds:.0f} s, tests {run_seconds:.0f} s, all {time.time() - started:.0f} s")
    if opts.compile_only:
        say(f"conformance {plan.name}: files {compiled}/{len(rows)} compiled, tests not run")
    else:
        say(f"conformance {plan.name}: files {compiled}/{len(rows)} compiled, tests {passed}/{total} passed")
    return dict(suite=plan.name, package=plan.spec["package"], version=plan.spec["version"],
                facade=str(plan.facade) if plan.facade else None, tokio_version=plan.tokio_version,
                files_compiled=compiled, files=len(rows), tests_passed=passed, tests_baseline=total,
                build_seconds=round(plan.build_seconds, 1), run_seconds=round(run_seconds, 1),
                dependency_errors=dep_errors, notes=plan.notes, rows=rows)


def one_line(text):
    return " ".join(text.split())


def report(plan, rows, errors, dep_errors, executables, opts):
    shown = opts.show_errors
    listed = set(read_passing(opts.passing)) if opts.passing and not opts.write_passing else None
    if dep_errors:
        say("\ncrates that do not compile (every file that uses them is lost):")
        for name, texts in dep_errors.items():
            say(f"  {name}: {len(texts)} errors")
            for text in texts[:max(shown, 10)]:
                say("     ", text)
    not_compiled = [r for r in rows if not r["compiled"]]
    if not_compiled:
        kinds = collections.defaultdict(set)
        for row in not_compiled:
            for text in row["errors"]:
                kinds[text.split("  --> ")[0]].add(row["file"])
        common = sorted(kinds.items(), key=lambda kv: (-len(kv[1]), kv[0]))[:opts.show_common]
        if common:
            say("\nmost frequent compiler errors (files: error):")
            for text, files in common:
                say(f"  {len(files):4}: {text}")
    bad = sorted([r for r in rows if r["missing"] or not r["compiled"]], key=lambda r: (-r["missing"], r["file"]))
    if bad:
        say(f"\n{'file':34} {'compiled':8} {'passed':>7} {'of':>5} {'missing':>7}")
        for r in bad:
            say(f"{r['file']:34} {'yes' if r['compiled'] else 'NO':8} {r['passed']:7} {r['baseline']:5} {r['missing']:7}")
        say("\ndetails:")
        for r in bad:
            say(f"- {r['file']}: {r['passed']}/{r['baseline']}" + (f"; {r['note']}" if r["note"] else ""))
            if not r["compiled"]:
                if r["errors"]:
                    for text in r["errors"][:shown]:
                        say("     ", text)
                    if len(r["errors"]) > shown:
                        say(f"      … {len(r['errors']) - shown} more")
                elif dep_errors:
                    say(f"      not reached: a crate that it needs does not compile ({', '.join(dep_errors)})")
                else:
                    say(f"      no diagnostic; see {plan.work / 'build.log'}")
            for f in r["failing"]:
                # Without a list each failure counts; with one, those on it do.
                counts = listed is None or f"{r['file']}::{f['test']}" in listed
                say(f"      {f['result'] if counts else 'unlisted':8} {f['test']}" + (f": {one_line(f['why'])}" if f["why"] else ""))
    flaky = [f"{r['file']}::{n}" for r in rows for n in r["flaky"]]
    if flaky:
        say("\npassed only when tried again alone (flaky here):", ", ".join(flaky))
    extra = [f"{r['file']}::{n}" for r in rows for n in r["extra"]]
    if extra:
        say(f"\npassing here but not in the baseline: {', '.join(extra[:30])}" + (" …" if len(extra) > 30 else ""))
    if opts.verbose:
        slow = sorted((r for r in rows if r["seconds"]), key=lambda r: -r["seconds"])[:10]
        say("slowest files:", ", ".join(f"{r['file']} {r['seconds']:.1f} s" for r in slow))
        say(f"not for this machine or these features: {', '.join(plan.inactive) or '-'}")


def read_passing(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def passing(results, opts):
    """Write the list of what passes, or say which of the listed tests do not pass (any more)."""
    passed, looked_at = set(), set()
    for result in results:
        for row in result["rows"]:
            failing = {f["test"] for f in row["failing"]}
            expected = row["expected"]
            names = {f"{row['file']}::{n}" for n in expected} or {row["file"]}
            looked_at |= names
            if row["compiled"]:
                passed |= {name for name in names if name.partition("::")[2] not in failing}
    if opts.write_passing:
        text = ["# Tokio's published tests that pass on Selkie; they must not fail again.",
                "# Written by `tests/conformance/run --write`: file::test, or a file that has to compile.",
                *sorted(passed)]
        opts.passing.write_text("\n".join(text) + "\n")
        say(f"{opts.passing.name}: {len(passed)} tests written")
        return 0
    listed = set(read_passing(opts.passing))
    wanted = listed & looked_at if opts.only else listed
    lost = sorted(wanted - passed)
    for name in lost:
        say(f"lost: {name}")
    say(f"conformance: {len(wanted) - len(lost)} of {len(wanted)} listed tests pass")
    return 1 if lost else 0


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--suite", action="append", required=True, choices=[*SUITES, "all"],
                   help="may be given more than once; 'all' is all five")
    p.add_argument("--facade", metavar="PATH", help="directory of a crate named tokio; without it the real tokio is run")
    p.add_argument("--only", metavar="GLOB", action="append",
                   help="files by glob (without .rs), or FILEGLOB::TESTGLOB; may be repeated")
    p.add_argument("--jobs", type=int, default=int(os.environ.get("CARGO_BUILD_JOBS", "2")),
                   help="compile jobs, and test binaries run at once (2)")
    p.add_argument("--timeout", type=int, default=90, metavar="SECONDS", help="for one test binary (90)")
    p.add_argument("--single-timeout", type=int, default=20, metavar="SECONDS",
                   help="for one test of a binary that hung or died (20)")
    p.add_argument("--max-hangs", type=int, default=8,
                   help="give up on a file after this many hung or crashed tests (8)")
    p.add_argument("--retries", type=int, default=1, help="tries again, alone, for each failed test (1)")
    p.add_argument("--max-retried", type=int, default=20, help="failed tests of a file tried again at most (20)")
    p.add_argument("--test-threads", type=int, default=2)
    p.add_argument("--mem-limit-gb", type=int, default=8, help="a test binary that is larger is killed (8)")
    p.add_argument("--json", metavar="OUT")
    p.add_argument("--cfg-unstable", action="store_true", help="build all with --cfg tokio_unstable (its own baseline)")
    p.add_argument("--compile-only", action="store_true", help="build the tests but do not run them")
    p.add_argument("--write-baseline", action="store_true", help="without --facade: replace the baseline file")
    p.add_argument("--repeat", type=int, default=1,
                   help="while a baseline is made: run all this often, keep what passes every time (1)")
    p.add_argument("--passing", metavar="FILE", type=pathlib.Path,
                   help="list of tests that must pass: fail only if one of them does not")
    p.add_argument("--write-passing", action="store_true", help="write what passes into the file of --passing")
    p.add_argument("--debuginfo", type=int, default=0, choices=[0, 1, 2])
    p.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/conformance"))
    p.add_argument("--offline", action="store_true", help="cargo --offline")
    p.add_argument("--show-errors", type=int, default=4, help="compiler errors shown for each file (4)")
    p.add_argument("--show-common", type=int, default=25, help="lines of the table of frequent errors (25)")
    p.add_argument("--verbose", "-v", action="store_true")
    opts = p.parse_args()
    opts.scratch = opts.scratch.resolve()
    opts.scratch.mkdir(parents=True, exist_ok=True)
    suites = list(SUITES) if "all" in opts.suite else list(dict.fromkeys(opts.suite))
    results, broken = [], 0
    for suite in suites:
        try:
            results.append(run_suite(suite, opts))
        except Die as e:
            say(f"conformance {suite}: could not be run: {e}")
            broken += 1
    if opts.json:
        pathlib.Path(opts.json).write_text(json.dumps(results, indent=1) + "\n")
    if len(suites) > 1:
        say("")
        for r in results:
            say(f"conformance {r['suite']}: files {r['files_compiled']}/{r['files']} compiled, "
                f"tests {r['tests_passed']}/{r['tests_baseline']} passed")
    if broken:
        return 2
    if opts.compile_only:
        return 0 if all(r["files_compiled"] == r["files"] for r in results) else 1
    if opts.passing:
        return passing(results, opts)
    return 0 if all(r["files_compiled"] == r["files"] and r["tests_passed"] == r["tests_baseline"]
                    for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
