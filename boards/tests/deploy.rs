//! Own programs: begun for a chip, built for a board, and brought to a machine that stands for one.
//!
//! `ssh` and `scp` are scripts of the test: the other machine is a folder, and its commands are scripts, too.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own, which goes with the test.
struct TestDir(PathBuf);

impl TestDir {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("selkie-boards-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A package with programs of these names.
    fn package(&self, programs: &[&str]) -> PathBuf {
        for name in programs {
            let text = format!("fn main() {{ println!(\"{name} at work\"); }}\n");
            self.write(&format!("package/src/bin/{name}.rs"), &text);
        }
        let manifest = "[workspace]\n[package]\nname = \"own\"\nedition = \"2024\"\n";
        self.write("package/Cargo.toml", manifest)
    }

    /// A machine whose files are in `root`: what is installed, and what systemd does.
    fn machine(&self) {
        let root = self.0.join("root");
        fs::create_dir_all(root.join("usr/local/bin")).unwrap();
        fs::create_dir_all(root.join("etc/systemd/system")).unwrap();
        let root = root.display();
        let options = "while [ \"$1\" = -o ]; do shift 2; done";
        self.script("ssh", &format!("{options}; shift; sh -c \"$*\""));
        self.script("scp", &format!("{options}; shift; cp \"$1\" \"${{2#*:}}\""));
        self.script("id", "echo 0");
        self.script("ls", &format!("exec /bin/ls \"{root}$1\""));
        self.script("sleep", "");
        self.script(
            "install",
            &format!("exec /usr/bin/install \"$1\" \"$2\" \"$3\" \"{root}$4\""),
        );
        self.script(
            "mv",
            &format!("exec /bin/mv \"$1\" \"{root}$2\" \"{root}$3\""),
        );
        self.script(
            "systemctl",
            &format!(
                "echo \"$@\" >> {root}/systemd\n[ \"$1\" != is-active ] || [ ! -e {root}/broken ]"
            ),
        );
        self.script("journalctl", "echo the journal says why");
        self.script("sudo", "echo sudo is not needed >&2; exit 1");
    }

    fn tool(&self, words: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap();
        Command::new(env!("CARGO_BIN_EXE_selkie-boards"))
            .args(words)
            .env("PATH", format!("{}:{path}", self.0.join("bin").display()))
            // What the test's own cargo has set is not the package's.
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .output()
            .unwrap()
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// The board whose programs run here.
const BOARD: &str = "x86-64-server";

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_here() -> bool {
    let is_here = cfg!(target_arch = "x86_64");
    if !is_here {
        eprintln!("skipped: {BOARD} is another machine than this");
    }
    is_here
}

fn has_symbols(program: &Path) -> bool {
    let bytes = fs::read(program).unwrap();
    bytes.windows(8).any(|part| part == b".symtab\0")
}

#[test]
fn an_own_program_is_built_static_and_stripped() {
    if !is_here() {
        return;
    }
    let folder = TestDir::new("build");
    let manifest = folder.package(&["tide", "moon"]);
    let manifest = manifest.to_str().unwrap();
    let several = folder.tool(&["build", BOARD, "--manifest-path", manifest]);
    assert_eq!(several.status.code(), Some(1));
    let said = stderr(&several);
    assert!(
        said.contains("by --bin: ") && said.contains("tide"),
        "{said}"
    );

    let build = |more: &[&str]| {
        let words = ["build", BOARD, "--manifest-path", manifest, "--bin", "tide"];
        let built = folder.tool(&[&words, more].concat());
        assert!(built.status.success(), "{}", stderr(&built));
        PathBuf::from(stdout(&built).trim())
    };
    let program = build(&[]);
    let ran = Command::new(&program).output().unwrap();
    assert_eq!(stdout(&ran), "tide at work\n");
    assert!(!has_symbols(&program));
    // A static program has no loader.
    let bytes = fs::read(&program).unwrap();
    assert!(!bytes.windows(8).any(|part| part == b".interp\0"));
    assert!(has_symbols(&build(&["--symbols"])));

    let missing = folder.tool(&["build", BOARD, "--manifest-path", "/nowhere/Cargo.toml"]);
    assert!(
        stderr(&missing).contains("/nowhere/Cargo.toml: No such file"),
        "{}",
        stderr(&missing)
    );
    let bare = folder.tool(&["build", "cortex-m0", "--manifest-path", manifest]);
    assert_eq!(bare.status.code(), Some(1), "{}", stderr(&bare));
}

#[test]
fn a_deployed_program_runs_as_a_service() {
    if !is_here() {
        return;
    }
    let folder = TestDir::new("deploy");
    folder.machine();
    let manifest = folder.package(&["tide"]);
    let words = [
        "deploy",
        BOARD,
        "root@board",
        "--manifest-path",
        manifest.to_str().unwrap(),
    ];
    let at = |path: &str| folder.0.join("root").join(path);
    let (program, unit) = (
        at("usr/local/bin/tide"),
        at("etc/systemd/system/tide.service"),
    );

    let plan = folder.tool(&[&words[..], &["--dry-run"]].concat());
    assert!(
        stdout(&plan).contains("ExecStart=/usr/local/bin/tide"),
        "{}",
        stderr(&plan)
    );
    assert!(!program.exists() && !unit.exists());

    let deployed = folder.tool(&words);
    assert!(deployed.status.success(), "{}", stderr(&deployed));
    assert!(
        stdout(&deployed).ends_with("tide runs\n"),
        "{}",
        stdout(&deployed)
    );
    assert_eq!(
        stdout(&Command::new(&program).output().unwrap()),
        "tide at work\n"
    );
    assert!(
        fs::read_to_string(&unit)
            .unwrap()
            .contains("StateDirectory=tide")
    );
    let told = fs::read_to_string(at("systemd")).unwrap();
    let wanted = [
        "daemon-reload",
        "enable tide.service",
        "restart tide.service",
        "is-active --quiet tide.service",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn a_unit_stays_and_a_failure_is_explained() {
    if !is_here() {
        return;
    }
    let folder = TestDir::new("unit");
    folder.machine();
    let manifest = folder.package(&["tide"]);
    let manifest = manifest.to_str().unwrap();
    let words = ["deploy", BOARD, "board", "--manifest-path", manifest];
    let at = |path: &str| folder.0.join("root").join(path);
    let unit = at("etc/systemd/system/tide.service");
    // A unit that somebody has changed stays, unless one is given.
    fs::write(&unit, "changed\n").unwrap();
    let again = folder.tool(&words);
    assert!(
        stdout(&again).contains("stays as it is"),
        "{}",
        stderr(&again)
    );
    assert_eq!(fs::read_to_string(&unit).unwrap(), "changed\n");
    let own = folder.write("own.service", "[Service]\n");
    let replaced = folder.tool(&[&words[..], &["--unit", own.to_str().unwrap()]].concat());
    assert!(replaced.status.success(), "{}", stderr(&replaced));
    assert_eq!(fs::read_to_string(&unit).unwrap(), "[Service]\n");

    // A service that does not run is a failure, with what its journal says.
    fs::write(at("broken"), "").unwrap();
    let broken = folder.tool(&words);
    assert_eq!(broken.status.code(), Some(1));
    let said = stderr(&broken);
    assert!(
        said.contains("the journal says why") && said.contains("tide does not run"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_copied_leaves_nothing_there() {
    if !is_here() {
        return;
    }
    let folder = TestDir::new("full");
    folder.machine();
    let made = folder.0.join("made");
    folder.script(
        "mktemp",
        &format!("mkdir \"{0}\" && echo \"{0}\"", made.display()),
    );
    let calls = folder.0.join("calls");
    let counted = format!("echo \"$@\" >> \"{}\"", calls.display());
    folder.script("scp", &format!("{counted}\necho no space left >&2; exit 1"));
    let manifest = folder.package(&["tide"]);
    let manifest = manifest.to_str().unwrap();
    let failed = folder.tool(&["deploy", BOARD, "me@fe80::1", "--manifest-path", manifest]);
    let said = stderr(&failed);
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(
        said.contains("no space left") && said.contains("scp"),
        "{said}"
    );
    assert!(!made.exists(), "the folder is removed");
    let calls = fs::read_to_string(calls).unwrap();
    // Whoever does not answer is given up, and an address with colons is no path.
    assert!(
        calls.contains("ConnectTimeout=") && calls.contains("ServerAliveInterval="),
        "{calls}"
    );
    assert!(calls.contains("me@[fe80::1]:/"), "{calls}");
}

#[test]
fn a_new_project_is_whole_and_replaces_none() {
    let folder = TestDir::new("new");
    let new = |chip: &str| {
        let tool = env!("CARGO_BIN_EXE_selkie-boards");
        let mut command = Command::new(tool);
        command
            .args(["new", "tide", "--chip", chip])
            .current_dir(&folder.0);
        command.output().unwrap()
    };
    let unknown = new("z80");
    assert!(
        stderr(&unknown).contains("no chip \"z80\"; there are: rp2040"),
        "{}",
        stderr(&unknown)
    );
    assert!(!folder.0.join("tide").exists());
    assert!(new("rp2040").status.success());
    let read = |path: &str| fs::read_to_string(folder.0.join("tide").join(path)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"tide\"") && read("memory.x").contains("BOOT2"));
    assert!(read(".cargo/config.toml").contains("probe-rs run --chip RP2040"));
    assert!(read("src/main.rs").contains("PIN_25") && read("build.rs").contains("link-rp.x"));
    fs::write(folder.0.join("tide/src/main.rs"), "mine\n").unwrap();
    assert_eq!(new("rp2040").status.code(), Some(1));
    assert_eq!(read("src/main.rs"), "mine\n");
}

#[test]
fn bad_use_is_said_in_a_sentence() {
    let folder = TestDir::new("use");
    let wrong = folder.tool(&["deploy", BOARD, "host"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("--manifest-path is missing"),
        "{}",
        stderr(&wrong)
    );
    let unknown = folder.tool(&["build", "toaster"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("no board \"toaster\"; there are: "),
        "{}",
        stderr(&unknown)
    );
    assert!(stdout(&folder.tool(&["--help"])).contains("deploy BOARD HOST"));
}
