//! Child processes.

use crate::same;

/// Memory of the large process.
const BALLAST_BYTES: usize = 512 * 1024 * 1024;

same!({
    use crate::measurement::repeat;

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        // Touched, so that it is there; kept until the end.
        let ballast = match benchmark {
            "process" => Vec::new(),
            "process_large" => vec![1_u8; super::BALLAST_BYTES],
            _ => return None,
        };
        let figure = on(
            workers,
            repeat(10, || async {
                for _ in 0..10 {
                    let status = rt::process::Command::new("/bin/true").status().await;
                    assert!(status.expect("a child").success());
                }
            }),
        );
        std::hint::black_box(&ballast);
        Some(figure)
    }
});
