//! Covariant parameters: each function compiles because its type is covariant in that parameter.

use super::probe::{Fd, Future, Long, Short, narrowed};

narrowed! {
    io_BufReader_R<'s>: selkie::io::BufReader<Long> => selkie::io::BufReader<Short<'s>>;
    io_BufStream_RW<'s>: selkie::io::BufStream<Long> => selkie::io::BufStream<Short<'s>>;
    io_BufWriter_W<'s>: selkie::io::BufWriter<Long> => selkie::io::BufWriter<Short<'s>>;
    io_Chain_T<'s>: selkie::io::Chain<Long, u8> => selkie::io::Chain<Short<'s>, u8>;
    io_Chain_U<'s>: selkie::io::Chain<u8, Long> => selkie::io::Chain<u8, Short<'s>>;
    io_Join_R<'s>: selkie::io::Join<Long, u8> => selkie::io::Join<Short<'s>, u8>;
    io_Join_W<'s>: selkie::io::Join<u8, Long> => selkie::io::Join<u8, Short<'s>>;
    io_Lines_R<'s>: selkie::io::Lines<Long> => selkie::io::Lines<Short<'s>>;
    io_ReadBuf_a<'s>: selkie::io::ReadBuf<'static> => selkie::io::ReadBuf<'s>;
    io_Split_R<'s>: selkie::io::Split<Long> => selkie::io::Split<Short<'s>>;
    io_Take_R<'s>: selkie::io::Take<Long> => selkie::io::Take<Short<'s>>;
    io_unix_AsyncFd_T<'s>: selkie::io::unix::AsyncFd<Fd<Long>> => selkie::io::unix::AsyncFd<Fd<Short<'s>>>;
    io_unix_AsyncFdReadyGuard_a<'s>: selkie::io::unix::AsyncFdReadyGuard<'static, Fd<u8>> => selkie::io::unix::AsyncFdReadyGuard<'s, Fd<u8>>;
    io_unix_AsyncFdReadyGuard_T<'s>: selkie::io::unix::AsyncFdReadyGuard<'s, Fd<Long>> => selkie::io::unix::AsyncFdReadyGuard<'s, Fd<Short<'s>>>;
    io_unix_AsyncFdReadyMutGuard_a<'s>: selkie::io::unix::AsyncFdReadyMutGuard<'static, Fd<u8>> => selkie::io::unix::AsyncFdReadyMutGuard<'s, Fd<u8>>;
    io_unix_AsyncFdRegisterError_T<'s>: selkie::io::unix::AsyncFdRegisterError<Fd<Long>> => selkie::io::unix::AsyncFdRegisterError<Fd<Short<'s>>>;
    net_tcp_ReadHalf_a<'s>: selkie::net::tcp::ReadHalf<'static> => selkie::net::tcp::ReadHalf<'s>;
    net_tcp_WriteHalf_a<'s>: selkie::net::tcp::WriteHalf<'static> => selkie::net::tcp::WriteHalf<'s>;
    net_unix_ReadHalf_a<'s>: selkie::net::unix::ReadHalf<'static> => selkie::net::unix::ReadHalf<'s>;
    net_unix_WriteHalf_a<'s>: selkie::net::unix::WriteHalf<'static> => selkie::net::unix::WriteHalf<'s>;
    runtime_EnterGuard_a<'s>: selkie::runtime::EnterGuard<'static> => selkie::runtime::EnterGuard<'s>;
    runtime_TaskMeta_a<'s>: selkie::runtime::TaskMeta<'static> => selkie::runtime::TaskMeta<'s>;
    runtime_dump_Root_T<'s>: selkie::runtime::dump::Root<Long> => selkie::runtime::dump::Root<Short<'s>>;
    sync_FixedWatchReceiver_a<'s>: selkie::sync::FixedWatchReceiver<'static, u8> => selkie::sync::FixedWatchReceiver<'s, u8>;
    sync_Full_T<'s>: selkie::sync::Full<Long> => selkie::sync::Full<Short<'s>>;
    sync_MappedMutexGuard_a<'s>: selkie::sync::MappedMutexGuard<'static, u8> => selkie::sync::MappedMutexGuard<'s, u8>;
    sync_MutexGuard_a<'s>: selkie::sync::MutexGuard<'static, u8> => selkie::sync::MutexGuard<'s, u8>;
    sync_OwnedRwLockReadGuard_U<'s>: selkie::sync::OwnedRwLockReadGuard<u8, Long> => selkie::sync::OwnedRwLockReadGuard<u8, Short<'s>>;
    sync_RwLockMappedWriteGuard_a<'s>: selkie::sync::RwLockMappedWriteGuard<'static, u8> => selkie::sync::RwLockMappedWriteGuard<'s, u8>;
    sync_RwLockReadGuard_a<'s>: selkie::sync::RwLockReadGuard<'static, u8> => selkie::sync::RwLockReadGuard<'s, u8>;
    sync_RwLockReadGuard_T<'s>: selkie::sync::RwLockReadGuard<'s, Long> => selkie::sync::RwLockReadGuard<'s, Short<'s>>;
    sync_RwLockWriteGuard_a<'s>: selkie::sync::RwLockWriteGuard<'static, u8> => selkie::sync::RwLockWriteGuard<'s, u8>;
    sync_SemaphorePermit_a<'s>: selkie::sync::SemaphorePermit<'static> => selkie::sync::SemaphorePermit<'s>;
    sync_SetError_T<'s>: selkie::sync::SetError<Long> => selkie::sync::SetError<Short<'s>>;
    sync_SetOnceError_T<'s>: selkie::sync::SetOnceError<Long> => selkie::sync::SetOnceError<Short<'s>>;
    sync_broadcast_error_SendError_T<'s>: selkie::sync::broadcast::error::SendError<Long> => selkie::sync::broadcast::error::SendError<Short<'s>>;
    sync_futures_Notified_a<'s>: selkie::sync::futures::Notified<'static> => selkie::sync::futures::Notified<'s>;
    sync_mpsc_Permit_a<'s>: selkie::sync::mpsc::Permit<'static, u8> => selkie::sync::mpsc::Permit<'s, u8>;
    sync_mpsc_PermitIterator_a<'s>: selkie::sync::mpsc::PermitIterator<'static, u8> => selkie::sync::mpsc::PermitIterator<'s, u8>;
    sync_mpsc_error_SendError_T<'s>: selkie::sync::mpsc::error::SendError<Long> => selkie::sync::mpsc::error::SendError<Short<'s>>;
    sync_mpsc_error_SendTimeoutError_T<'s>: selkie::sync::mpsc::error::SendTimeoutError<Long> => selkie::sync::mpsc::error::SendTimeoutError<Short<'s>>;
    sync_mpsc_error_TrySendError_T<'s>: selkie::sync::mpsc::error::TrySendError<Long> => selkie::sync::mpsc::error::TrySendError<Short<'s>>;
    sync_watch_Ref_a<'s>: selkie::sync::watch::Ref<'static, u8> => selkie::sync::watch::Ref<'s, u8>;
    sync_watch_error_SendError_T<'s>: selkie::sync::watch::error::SendError<Long> => selkie::sync::watch::error::SendError<Short<'s>>;
    task_AbortOnDrop_T<'s>: selkie::task::AbortOnDrop<Long> => selkie::task::AbortOnDrop<Short<'s>>;
    task_Builder_a<'s>: selkie::task::Builder<'static> => selkie::task::Builder<'s>;
    task_JoinHandle_T<'s>: selkie::task::JoinHandle<Long> => selkie::task::JoinHandle<Short<'s>>;
    task_JoinSet_T<'s>: selkie::task::JoinSet<Long> => selkie::task::JoinSet<Short<'s>>;
    task_coop_Coop_F<'s>: selkie::task::coop::Coop<Future<Long>> => selkie::task::coop::Coop<Future<Short<'s>>>;
    task_coop_Unconstrained_F<'s>: selkie::task::coop::Unconstrained<Long> => selkie::task::coop::Unconstrained<Short<'s>>;
    task_futures_TaskLocalFuture_F<'s>: selkie::task::futures::TaskLocalFuture<u8, Long> => selkie::task::futures::TaskLocalFuture<u8, Short<'s>>;
    task_join_set_Builder_a<'s>: selkie::task::join_set::Builder<'static, u8> => selkie::task::join_set::Builder<'s, u8>;
    time_Timeout_T<'s>: selkie::time::Timeout<Long> => selkie::time::Timeout<Short<'s>>;
}
