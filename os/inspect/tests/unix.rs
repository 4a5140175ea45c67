//! An inspector on a Unix socket.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use selkie_inspect::Inspector;

use crate::client::{Response, runtime};

/// A folder that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("selkie-inspect-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn get(path: &Path, target: &str) -> Response {
    let mut client = UnixStream::connect(path).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    Response::parse(&answer)
}

#[test]
fn a_unix_socket_is_its_owners_and_goes_with_the_inspector() {
    let folder = Directory::new("owner");
    let path = folder.0.join("socket");
    let address = format!("unix:{}", path.display());
    let runtime = runtime("sea");
    let serve = || {
        Inspector::builder()
            .attach(runtime.handle())
            .serve(&address)
    };
    let inspector = serve().unwrap();
    assert_eq!(inspector.address().unwrap().to_string(), address);
    assert_eq!(get(&path, "/metrics").status, 200);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let error = serve().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {address}: ")),
        "{error}"
    );
    assert_eq!(get(&path, "/metrics").status, 200);
    drop(inspector);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_nobody_listens_on_is_replaced_and_a_file_is_not() {
    let folder = Directory::new("stale");
    let path = folder.0.join("socket");
    let address = format!("unix:{}", path.display());
    let runtime = runtime("sea");
    let serve = || {
        Inspector::builder()
            .attach(runtime.handle())
            .serve(&address)
    };
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let inspector = serve().unwrap();
    assert_eq!(get(&path, "/").status, 200);
    // Somebody else's file stays.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "kept").unwrap();
    drop(inspector);
    assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
    let error = serve().unwrap_err().to_string();
    assert!(
        error.ends_with("a file that is no socket is there"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
}

#[test]
fn a_socket_whose_owner_accepts_nothing_is_taken() {
    let folder = std::env::temp_dir().join(format!("selkie-inspect-full-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("full.sock");
    let runtime = crate::client::runtime("sea");
    let _entered = runtime.enter();
    let socket = selkie::net::UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let _listener = socket.listen(0).unwrap();
    let _waits = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let address = format!("unix:{}", path.display());
    let (done, refused) = std::sync::mpsc::channel();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || {
        let builder = Inspector::builder().attach(&handle);
        done.send(builder.serve(&address).map(drop)).unwrap();
    });
    let refused = refused.recv_timeout(std::time::Duration::from_secs(20));
    let error = refused.expect("it is not waited for").unwrap_err();
    assert!(error.to_string().contains("address in use"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
