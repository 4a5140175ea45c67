//! What the C library does by itself elsewhere: buffered files, names for temporary files, barriers; and what says that it is not here.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use selkie_sim::{Builder, World};

const PAUSE: Duration = Duration::from_millis(1);

/// Runs `program` on a host of its own, with several seeds, each of them twice.
fn simulate(program: fn()) {
    Builder::new()
        .runs(5)
        .repeats(2)
        .run(move |world: World| async move {
            let host = world.host("own").start_main(program);
            let is_over = || host.ended().is_some();
            world
                .eventually(Duration::from_secs(100), "the program ends", is_over)
                .await;
            assert_eq!(host.ended(), Some(Ok(())));
        });
}

fn text(name: &Path) -> CString {
    CString::new(name.as_os_str().as_encoded_bytes()).expect("a name without a zero")
}

#[test]
fn buffered_files_are_on_the_simulated_disk() {
    simulate(|| {
        let path = std::env::temp_dir().join("selkie-sim-buffered");
        let name = text(&path);
        // SAFETY: texts that end in zero.
        let file = unsafe { libc::fopen(name.as_ptr(), c"w+".as_ptr()) };
        assert!(!file.is_null());
        // SAFETY: a file that is open.
        assert!(unsafe { libc::fputs(c"hello\nworld\n".as_ptr(), file) } >= 0);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::fflush(file) }, 0);
        assert_eq!(std::fs::read(&path).unwrap(), b"hello\nworld\n");
        // SAFETY: as above.
        let descriptor = unsafe { libc::fileno(file) };
        // SAFETY: the file's own descriptor.
        assert_eq!(unsafe { libc::fsync(descriptor) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::fseek(file, 6, libc::SEEK_SET) }, 0);
        let mut room = [0; 16];
        // SAFETY: room for so many bytes.
        let line = unsafe { libc::fgets(room.as_mut_ptr(), 16, file) };
        assert!(!line.is_null());
        // SAFETY: the function ends it with zero.
        assert_eq!(unsafe { CStr::from_ptr(room.as_ptr()) }, c"world\n");
        // SAFETY: a file that is open.
        assert_eq!(unsafe { libc::fclose(file) }, 0);
        // SAFETY: the number of a descriptor that is closed.
        assert_eq!(unsafe { libc::fsync(descriptor) }, -1);
        // SAFETY: texts that end in zero.
        let none = unsafe { libc::fopen(c"/nowhere/at/all".as_ptr(), c"r".as_ptr()) };
        assert!(none.is_null());
    });
    assert!(!std::env::temp_dir().join("selkie-sim-buffered").exists());
}

#[test]
fn temporary_files_have_names_that_the_seed_decides() {
    simulate(|| {
        let pattern = std::env::temp_dir().join("selkie-sim-XXXXXX");
        let mut name = text(&pattern).into_bytes_with_nul();
        // SAFETY: a text that ends in zero.
        let descriptor = unsafe { libc::mkstemp(name.as_mut_ptr().cast()) };
        assert!(descriptor >= 0);
        let one = CString::from_vec_with_nul(name).unwrap();
        assert!(std::fs::metadata(one.to_str().unwrap()).unwrap().is_file());
        let mut name = text(&pattern).into_bytes_with_nul();
        // SAFETY: as above.
        assert!(!unsafe { libc::mkdtemp(name.as_mut_ptr().cast()) }.is_null());
        let two = CString::from_vec_with_nul(name).unwrap();
        assert!(std::fs::metadata(two.to_str().unwrap()).unwrap().is_dir());
        assert_ne!(one, two);
        let mut name = *b"/tmp/short-XXX\0";
        // SAFETY: as above.
        let refused = unsafe { libc::mkstemp(name.as_mut_ptr().cast()) };
        assert_eq!(refused, -1);
    });
}

#[test]
fn threads_wait_at_a_barrier_and_for_a_spin_lock() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    simulate(|| {
        // SAFETY: all zero is room for one.
        let barrier: libc::pthread_barrier_t = unsafe { std::mem::zeroed() };
        let barrier = Box::into_raw(Box::new(barrier)) as usize;
        // SAFETY: room for a barrier that nobody waits at.
        unsafe { libc::pthread_barrier_init(barrier as *mut _, std::ptr::null(), 3) };
        let lock = Box::into_raw(Box::<libc::pthread_spinlock_t>::default()) as usize;
        // SAFETY: room for a lock.
        unsafe { libc::pthread_spin_init(lock as *mut _, 0) };
        let wait = move || {
            let mut last = 0;
            for _ in 0..4 {
                // SAFETY: made above.
                assert_eq!(unsafe { libc::pthread_spin_lock(lock as *mut _) }, 0);
                let before = COUNT.load(Ordering::SeqCst);
                thread::sleep(PAUSE);
                COUNT.store(before + 1, Ordering::SeqCst);
                // SAFETY: locked above.
                assert_eq!(unsafe { libc::pthread_spin_unlock(lock as *mut _) }, 0);
                // SAFETY: made above.
                let waited = unsafe { libc::pthread_barrier_wait(barrier as *mut _) };
                last += u32::from(waited == libc::PTHREAD_BARRIER_SERIAL_THREAD);
            }
            last
        };
        let threads: Vec<_> = (0..3).map(|_| thread::spawn(wait)).collect();
        let last: u32 = threads.into_iter().map(|one| one.join().unwrap()).sum();
        assert_eq!((last, COUNT.load(Ordering::SeqCst)), (4, 12));
    });
}

type Function = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

unsafe extern "C-unwind" {
    fn pthread_exit(value: *mut c_void) -> !;
    #[link_name = "pthread_create"]
    fn create(
        thread: *mut libc::pthread_t,
        attributes: *const libc::pthread_attr_t,
        function: Function,
        argument: *mut c_void,
    ) -> i32;
}

extern "C-unwind" fn leave(value: *mut c_void) -> *mut c_void {
    thread::sleep(PAUSE);
    // SAFETY: no frame of this thread has anything to drop.
    unsafe { pthread_exit(value) }
}

#[test]
fn a_thread_may_end_itself() {
    simulate(|| {
        let (mut thread, mut value) = (0, std::ptr::null_mut());
        let none = std::ptr::null();
        let seven = std::ptr::without_provenance_mut(7);
        // SAFETY: a function, and room for the thread's name.
        assert_eq!(unsafe { create(&raw mut thread, none, leave, seven) }, 0);
        // SAFETY: a thread that nobody else joins.
        assert_eq!(unsafe { libc::pthread_join(thread, &raw mut value) }, 0);
        assert_eq!(value, seven);
    });
}

#[test]
fn what_is_not_here_says_so() {
    simulate(|| {
        let failed = |result: i32| {
            let why = std::io::Error::last_os_error().raw_os_error();
            assert_eq!((result, why), (-1, Some(libc::ENOSYS)));
        };
        // SAFETY: the calls touch no memory but the texts, which end in zero.
        failed(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, 0) });
        // SAFETY: as above.
        failed(unsafe { libc::inotify_init1(0) });
        // SAFETY: as above.
        failed(unsafe { libc::memfd_create(c"name".as_ptr(), 0) });
        // SAFETY: as above.
        failed(unsafe { libc::system(c"true".as_ptr()) });
        // SAFETY: as above.
        assert_eq!(unsafe { libc::alarm(1) }, 0);
        let none = std::ptr::null::<c_char>();
        // SAFETY: as above.
        let number = unsafe { libc::syscall(libc::SYS_memfd_create, none, 0) };
        failed(number as i32);
        assert!(std::process::Command::new("true").status().is_err());
    });
}

/// Runs `blocks` on a thread, and `meanwhile` when that waits; what the thread got.
fn meanwhile<T: Send + 'static>(
    blocks: impl FnOnce() -> T + Send + 'static,
    meanwhile: impl FnOnce(),
) -> T {
    let thread = thread::spawn(blocks);
    thread::sleep(PAUSE);
    meanwhile();
    thread.join().unwrap()
}

#[test]
fn a_call_is_about_what_its_descriptor_stood_for() {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::{AsRawFd, IntoRawFd};

    fn read(descriptor: i32) -> isize {
        let mut byte = 0_u8;
        // SAFETY: room for one byte.
        unsafe { libc::read(descriptor, (&raw mut byte).cast(), 1) }
    }
    simulate(|| {
        let mut ends = [0; 2];
        // SAFETY: room for two numbers.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        let [reader, writer] = ends;
        let count = meanwhile(
            move || read(reader),
            || {
                // SAFETY: the call touches no memory.
                let other = unsafe { libc::eventfd(5, 0) };
                // SAFETY: the descriptors are this test's own.
                assert_eq!(unsafe { libc::dup2(other, reader) }, reader);
                // SAFETY: one byte of a text.
                assert_eq!(unsafe { libc::write(writer, c"x".as_ptr().cast(), 1) }, 1);
            },
        );
        assert_eq!(count, 1);
        // The reader is closed now.
        // SAFETY: as above.
        assert_eq!(unsafe { libc::write(writer, c"x".as_ptr().cast(), 1) }, -1);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let number = listener.as_raw_fd();
        let accepts = move || {
            let none = std::ptr::null_mut();
            // SAFETY: no address is wanted.
            unsafe { libc::accept(number, none, std::ptr::null_mut()) }
        };
        let accepted = meanwhile(accepts, || {
            // SAFETY: the descriptor is this test's own.
            assert_eq!(unsafe { libc::close(listener.into_raw_fd()) }, 0);
            TcpStream::connect(address).unwrap();
        });
        assert!(accepted >= 0);
        assert!(TcpStream::connect(address).is_err());
    });
}
