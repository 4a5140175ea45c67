//! Parameters that may not be narrowed: whoever holds such a value can put something shorter in its
//! place, or hand it to someone who counts on the longer. Each function has to fail.
#![allow(non_snake_case)]

use std::os::fd::{AsRawFd, RawFd};

type Long = &'static u8;
type Short<'s> = &'s u8;

struct Fd<T>(T);

impl<T> AsRawFd for Fd<T> {
    fn as_raw_fd(&self) -> RawFd {
        -1
    }
}

fn io_ReadHalf_T<'s>(long: selkie::io::ReadHalf<Long>) -> selkie::io::ReadHalf<Short<'s>> {
    long
}

fn io_WriteHalf_T<'s>(long: selkie::io::WriteHalf<Long>) -> selkie::io::WriteHalf<Short<'s>> {
    long
}

fn io_unix_AsyncFdReadyMutGuard_T<'s>(long: selkie::io::unix::AsyncFdReadyMutGuard<'s, Fd<Long>>) -> selkie::io::unix::AsyncFdReadyMutGuard<'s, Fd<Short<'s>>> {
    long
}

fn sync_FixedChannel_T<'s>(long: selkie::sync::FixedChannel<Long, 4>) -> selkie::sync::FixedChannel<Short<'s>, 4> {
    long
}

fn sync_FixedWatch_T<'s>(long: selkie::sync::FixedWatch<Long>) -> selkie::sync::FixedWatch<Short<'s>> {
    long
}

fn sync_FixedWatchReceiver_T<'s>(long: selkie::sync::FixedWatchReceiver<'s, Long>) -> selkie::sync::FixedWatchReceiver<'s, Short<'s>> {
    long
}

fn sync_MappedMutexGuard_T<'s>(long: selkie::sync::MappedMutexGuard<'s, Long>) -> selkie::sync::MappedMutexGuard<'s, Short<'s>> {
    long
}

fn sync_Mutex_T<'s>(long: selkie::sync::Mutex<Long>) -> selkie::sync::Mutex<Short<'s>> {
    long
}

fn sync_MutexGuard_T<'s>(long: selkie::sync::MutexGuard<'s, Long>) -> selkie::sync::MutexGuard<'s, Short<'s>> {
    long
}

fn sync_OnceCell_T<'s>(long: selkie::sync::OnceCell<Long>) -> selkie::sync::OnceCell<Short<'s>> {
    long
}

fn sync_OwnedMappedMutexGuard_T<'s>(long: selkie::sync::OwnedMappedMutexGuard<Long, u8>) -> selkie::sync::OwnedMappedMutexGuard<Short<'s>, u8> {
    long
}

fn sync_OwnedMappedMutexGuard_U<'s>(long: selkie::sync::OwnedMappedMutexGuard<u8, Long>) -> selkie::sync::OwnedMappedMutexGuard<u8, Short<'s>> {
    long
}

fn sync_OwnedMutexGuard_T<'s>(long: selkie::sync::OwnedMutexGuard<Long>) -> selkie::sync::OwnedMutexGuard<Short<'s>> {
    long
}

fn sync_OwnedRwLockMappedWriteGuard_T<'s>(long: selkie::sync::OwnedRwLockMappedWriteGuard<Long, u8>) -> selkie::sync::OwnedRwLockMappedWriteGuard<Short<'s>, u8> {
    long
}

fn sync_OwnedRwLockMappedWriteGuard_U<'s>(long: selkie::sync::OwnedRwLockMappedWriteGuard<u8, Long>) -> selkie::sync::OwnedRwLockMappedWriteGuard<u8, Short<'s>> {
    long
}

fn sync_OwnedRwLockReadGuard_T<'s>(long: selkie::sync::OwnedRwLockReadGuard<Long, u8>) -> selkie::sync::OwnedRwLockReadGuard<Short<'s>, u8> {
    long
}

fn sync_OwnedRwLockWriteGuard_T<'s>(long: selkie::sync::OwnedRwLockWriteGuard<Long>) -> selkie::sync::OwnedRwLockWriteGuard<Short<'s>> {
    long
}

fn sync_RwLock_T<'s>(long: selkie::sync::RwLock<Long>) -> selkie::sync::RwLock<Short<'s>> {
    long
}

fn sync_RwLockMappedWriteGuard_T<'s>(long: selkie::sync::RwLockMappedWriteGuard<'s, Long>) -> selkie::sync::RwLockMappedWriteGuard<'s, Short<'s>> {
    long
}

fn sync_RwLockWriteGuard_T<'s>(long: selkie::sync::RwLockWriteGuard<'s, Long>) -> selkie::sync::RwLockWriteGuard<'s, Short<'s>> {
    long
}

fn sync_SetOnce_T<'s>(long: selkie::sync::SetOnce<Long>) -> selkie::sync::SetOnce<Short<'s>> {
    long
}

fn sync_Signal_T<'s>(long: selkie::sync::Signal<Long>) -> selkie::sync::Signal<Short<'s>> {
    long
}

fn sync_broadcast_Receiver_T<'s>(long: selkie::sync::broadcast::Receiver<Long>) -> selkie::sync::broadcast::Receiver<Short<'s>> {
    long
}

fn sync_broadcast_Sender_T<'s>(long: selkie::sync::broadcast::Sender<Long>) -> selkie::sync::broadcast::Sender<Short<'s>> {
    long
}

fn sync_broadcast_WeakSender_T<'s>(long: selkie::sync::broadcast::WeakSender<Long>) -> selkie::sync::broadcast::WeakSender<Short<'s>> {
    long
}

fn sync_mpsc_OwnedPermit_T<'s>(long: selkie::sync::mpsc::OwnedPermit<Long>) -> selkie::sync::mpsc::OwnedPermit<Short<'s>> {
    long
}

fn sync_mpsc_Permit_T<'s>(long: selkie::sync::mpsc::Permit<'s, Long>) -> selkie::sync::mpsc::Permit<'s, Short<'s>> {
    long
}

fn sync_mpsc_PermitIterator_T<'s>(long: selkie::sync::mpsc::PermitIterator<'s, Long>) -> selkie::sync::mpsc::PermitIterator<'s, Short<'s>> {
    long
}

fn sync_mpsc_Receiver_T<'s>(long: selkie::sync::mpsc::Receiver<Long>) -> selkie::sync::mpsc::Receiver<Short<'s>> {
    long
}

fn sync_mpsc_Sender_T<'s>(long: selkie::sync::mpsc::Sender<Long>) -> selkie::sync::mpsc::Sender<Short<'s>> {
    long
}

fn sync_mpsc_UnboundedReceiver_T<'s>(long: selkie::sync::mpsc::UnboundedReceiver<Long>) -> selkie::sync::mpsc::UnboundedReceiver<Short<'s>> {
    long
}

fn sync_mpsc_UnboundedSender_T<'s>(long: selkie::sync::mpsc::UnboundedSender<Long>) -> selkie::sync::mpsc::UnboundedSender<Short<'s>> {
    long
}

fn sync_mpsc_WeakSender_T<'s>(long: selkie::sync::mpsc::WeakSender<Long>) -> selkie::sync::mpsc::WeakSender<Short<'s>> {
    long
}

fn sync_mpsc_WeakUnboundedSender_T<'s>(long: selkie::sync::mpsc::WeakUnboundedSender<Long>) -> selkie::sync::mpsc::WeakUnboundedSender<Short<'s>> {
    long
}

fn sync_oneshot_Receiver_T<'s>(long: selkie::sync::oneshot::Receiver<Long>) -> selkie::sync::oneshot::Receiver<Short<'s>> {
    long
}

fn sync_oneshot_Sender_T<'s>(long: selkie::sync::oneshot::Sender<Long>) -> selkie::sync::oneshot::Sender<Short<'s>> {
    long
}

fn sync_watch_Receiver_T<'s>(long: selkie::sync::watch::Receiver<Long>) -> selkie::sync::watch::Receiver<Short<'s>> {
    long
}

fn sync_watch_Ref_T<'s>(long: selkie::sync::watch::Ref<'s, Long>) -> selkie::sync::watch::Ref<'s, Short<'s>> {
    long
}

fn sync_watch_Sender_T<'s>(long: selkie::sync::watch::Sender<Long>) -> selkie::sync::watch::Sender<Short<'s>> {
    long
}

fn task_Scope_E<'s>(long: selkie::task::Scope<Long>) -> selkie::task::Scope<Short<'s>> {
    long
}

fn task_join_set_Builder_T<'s>(long: selkie::task::join_set::Builder<'s, Long>) -> selkie::task::join_set::Builder<'s, Short<'s>> {
    long
}

fn main() {}
