//! Whole files at once.

use std::io;
use std::path::Path;

use super::offload::offload;

/// All bytes of the file at `path`.
///
/// # Errors
/// What the system reports.
///
/// # Cancel safety
/// Nothing changes when the future is dropped.
///
/// # Cost
/// A hop to the blocking pool.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-read-{}", std::process::id()));
/// fs::write(&path, [1, 2, 3]).await?;
/// assert_eq!(fs::read(&path).await?, [1, 2, 3]);
/// fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::read(path)).await
}

/// The text of the file at `path`.
///
/// # Errors
/// `InvalidData` if it is not UTF-8; what the system reports otherwise.
///
/// # Cancel safety
/// Nothing changes when the future is dropped.
///
/// # Cost
/// As for [`read`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-read-text-{}", std::process::id()));
/// fs::write(&path, "port = 8080\n").await?;
/// let settings = fs::read_to_string(&path).await?;
/// assert_eq!(settings.trim().split_once(" = "), Some(("port", "8080")));
/// // What is no text is an error.
/// fs::write(&path, [0xff]).await?;
/// assert!(fs::read_to_string(&path).await.is_err());
/// fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let bytes = read(path).await?;
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the file does not hold valid UTF-8",
        )
    })
}

/// Makes `contents` the whole content of the file at `path`, which is created if it does not exist.
///
/// # Errors
/// What the system reports; a part may be written then.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
///
/// # Cost
/// A copy of `contents`, and one hop to the blocking pool.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-write-{}", std::process::id()));
/// fs::write(&path, "first and long").await?;
/// // Replaces all that was there.
/// fs::write(&path, b"second").await?;
/// assert_eq!(fs::read_to_string(&path).await?, "second");
/// fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    offload(move || std::fs::write(path, contents)).await
}

/// Copies the content and the permissions of the file at `from` to `to`; says how many bytes.
///
/// # Errors
/// What the system reports; a part may be copied then.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let base = std::env::temp_dir().join(format!("selkie-copy-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// fs::write(base.join("from"), "contents").await?;
/// assert_eq!(fs::copy(base.join("from"), base.join("to")).await?, 8);
/// assert_eq!(fs::read(base.join("to")).await?, b"contents");
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64, io::Error> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    offload(move || {
        loop {
            // From its beginning, where a signal cuts it short: std does not.
            match std::fs::copy(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    })
    .await
}
