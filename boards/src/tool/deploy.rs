//! Brings a program to a board, and runs it there as a service of systemd.
//!
//! Idea        Two files go over by scp, into a folder that the other machine makes for them; one script, over ssh, puts them in their
//!             places and starts the service. A program that runs is replaced by a new file with its name. A unit that is
//!             there stays, unless one is given: somebody may have changed it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use selkie_boards::{BoardFile, Kind};

use crate::arguments::Deployment;
use crate::command::{output, print_line};
use crate::name::check_name;

/// The hardened unit.
const UNIT: &str = include_str!("../../systemd/gateway.service");

/// What the other machine does, in a shell; `NAME`, `FOLDER` and `REPLACES_UNIT` stand before it.
const SCRIPT: &str = r#"
set -eu
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
trap 'rm -rf "$FOLDER"' EXIT
unit="/etc/systemd/system/$NAME.service"
as_root install -m 755 "$FOLDER/program" "/usr/local/bin/$NAME.new"
as_root mv -f "/usr/local/bin/$NAME.new" "/usr/local/bin/$NAME"
if [ "$REPLACES_UNIT" = yes ] || ! as_root ls "$unit" >/dev/null 2>&1; then
    as_root install -m 644 "$FOLDER/unit" "$unit"
else
    echo "$unit is there and stays as it is; --unit FILE replaces it"
fi
as_root systemctl daemon-reload
as_root systemctl enable "$NAME.service"
as_root systemctl restart "$NAME.service"
sleep 1
if ! as_root systemctl is-active --quiet "$NAME.service"; then
    as_root journalctl --no-pager -n 20 -u "$NAME.service" >&2 || true
    echo "$NAME does not run" >&2
    exit 1
fi
echo "$NAME runs"
"#;

/// Builds and deploys.
///
/// # Errors
/// If the program cannot be built, the host cannot be reached, or the service does not run there.
pub(crate) fn deploy(board: &BoardFile, deployment: &Deployment) -> Result<(), String> {
    if board.kind != Kind::Linux {
        return Err(format!("{} has no services: it runs firmware", board.name));
    }
    let program = deployment.program.build(board)?;
    let name = match (&deployment.name, program.file_stem()) {
        (Some(name), _) => name.clone(),
        (None, stem) => stem.unwrap_or_default().to_string_lossy().into_owned(),
    };
    check_name(&name)?;
    let unit = match &deployment.unit {
        Some(path) => fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?,
        None => unit(&name),
    };
    if deployment.is_dry {
        print_plan(deployment, &program, &name, &unit);
        return Ok(());
    }
    let host = &deployment.host;
    let folder = answer(ssh("ssh").args([host, "mktemp -d"]))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if !folder.starts_with('/') || !folder.bytes().all(is_plain) {
        return Err(format!("{host} has made no folder, but says {folder:?}"));
    }
    let unit_file = output().join(format!("{name}.service"));
    let written = fs::create_dir_all(output()).and_then(|()| fs::write(&unit_file, unit));
    let copied = written
        .map_err(|error| format!("{}: {error}", unit_file.display()))
        .and_then(|()| copy(&program, host, &format!("{folder}/program")))
        .and_then(|()| copy(&unit_file, host, &format!("{folder}/unit")));
    if let Err(error) = copied {
        // The script removes the folder where it gets as far; else nobody would. If that fails, too, what failed first is said.
        let _removed = answer(ssh("ssh").args([host, &format!("rm -rf {folder}")]));
        return Err(error);
    }
    let replaces = if deployment.unit.is_some() {
        "yes"
    } else {
        "no"
    };
    let head = format!("NAME={name} FOLDER={folder} REPLACES_UNIT={replaces}\n");
    run_script(host, &(head + SCRIPT))
}

/// The hardened unit, for a service of this name.
fn unit(name: &str) -> String {
    UNIT.replace("Description=Gateway", &format!("Description={name}"))
        .replace("/usr/local/bin/gateway", &format!("/usr/local/bin/{name}"))
        .replace("StateDirectory=gateway", &format!("StateDirectory={name}"))
}

fn print_plan(deployment: &Deployment, program: &Path, name: &str, unit: &str) {
    let (host, program) = (&deployment.host, program.display());
    print_line(&format!("scp {program} {host}:/usr/local/bin/{name}"));
    print_line(&format!(
        "scp the unit below {host}:/etc/systemd/system/{name}.service, unless one is there"
    ));
    print_line(&format!(
        "ssh {host} systemctl enable and restart {name}.service\n\n{unit}"
    ));
}

/// `ssh` or `scp`, which give up on a machine that does not answer, or no more.
fn ssh(program: &str) -> Command {
    let mut command = Command::new(program);
    for option in [
        "ConnectTimeout=10",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=4",
    ] {
        command.args(["-o", option]);
    }
    command
}

/// The host as it stands before the colon of a path: an address of IPv6 has colons of its own.
fn in_path(host: &str) -> String {
    let (user, name) = host
        .rsplit_once('@')
        .map_or(("", host), |(user, name)| (user, name));
    let at = if user.is_empty() { "" } else { "@" };
    match name.contains(':') && !name.starts_with('[') {
        true => format!("{user}{at}[{name}]"),
        false => host.to_owned(),
    }
}

fn failed(command: &Command) -> impl Fn(std::io::Error) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    move |error| format!("cannot start {program}: {error}")
}

/// What a command writes.
fn answer(command: &mut Command) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(failed(command))?;
    if !output.status.success() {
        return Err(format!(
            "{:?} failed: {}",
            command.get_program(),
            output.status
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn copy(file: &Path, host: &str, to: &str) -> Result<(), String> {
    let mut scp = ssh("scp");
    scp.arg("-q")
        .arg(file)
        .arg(format!("{}:{to}", in_path(host)));
    answer(&mut scp).map(drop)
}

fn run_script(host: &str, script: &str) -> Result<(), String> {
    let mut ssh = ssh("ssh");
    ssh.args([host, "sh -s"]).stdin(Stdio::piped());
    let mut child = ssh.spawn().map_err(failed(&ssh))?;
    if let Some(mut input) = child.stdin.take() {
        // Its status says what went wrong.
        let _cut_off = input.write_all(script.as_bytes());
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(format!("it was not deployed to {host}: {status}"))
}

#[cfg(test)]
mod tests {
    use super::{in_path, unit};

    #[test]
    fn an_address_with_colons_is_no_path() {
        for (host, before_path) in [
            ("pi", "pi"),
            ("me@pi", "me@pi"),
            ("fe80::1%eth0", "[fe80::1%eth0]"),
            ("me@::1", "me@[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(in_path(host), before_path);
        }
    }

    #[test]
    fn the_unit_is_of_the_service() {
        let unit = unit("tide");
        assert!(unit.contains("ExecStart=/usr/local/bin/tide\nStateDirectory=tide\n"));
        assert!(unit.contains("Description=tide\n") && !unit.to_lowercase().contains("=gateway"));
    }
}
