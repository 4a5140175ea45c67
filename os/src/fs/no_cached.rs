//! Systems that do not say what is cached: all goes to the pool.

use std::fs::Metadata;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::task::{Context, Poll};

use super::offload::offload;

/// Nothing is known of an open file.
#[derive(Default)]
pub(super) struct Known(());

/// Bytes that `read_some` is asked for at most; it refuses them all.
pub(super) const MAX_IN_PLACE_BYTES: usize = 64 * 1024;

pub(super) async fn metadata(path: &Path, follow: bool) -> io::Result<Metadata> {
    let path = path.to_owned();
    offload(move || {
        if follow {
            std::fs::metadata(path)
        } else {
            std::fs::symlink_metadata(path)
        }
    })
    .await
}

pub(super) async fn try_exists(path: &Path) -> io::Result<bool> {
    let path = path.to_owned();
    offload(move || path.try_exists()).await
}

pub(super) async fn open(path: &Path) -> io::Result<std::fs::File> {
    let path = path.to_owned();
    offload(move || std::fs::File::open(path)).await
}

pub(super) async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    offload(move || std::fs::read(path)).await
}

pub(super) fn poll_metadata(
    _cx: &mut Context<'_>,
    _file: &std::fs::File,
) -> Poll<Option<io::Result<Metadata>>> {
    Poll::Ready(None)
}

pub(super) fn read_some<B>(
    _cx: &mut Context<'_>,
    _file: &std::fs::File,
    _buf: &mut B,
    _limit: usize,
    _known: &mut Known,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) async fn read_at(_file: &std::fs::File, _buf: &mut [u8], _offset: u64) -> Option<usize> {
    None
}

pub(super) fn seek(_file: &std::fs::File, _known: &mut Known, _position: SeekFrom) -> Option<u64> {
    None
}

pub(super) fn learn(_file: &std::fs::File) {}
