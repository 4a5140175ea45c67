//! Child processes.

use crate::same;

same!({
    use crate::measure::repeat;

    pub(super) fn ask(workers: Option<usize>, question: &str) -> Option<f64> {
        (question == "process").then(|| {
            on(
                workers,
                repeat(10, || async {
                    for _ in 0..10 {
                        let status = rt::process::Command::new("/bin/true").status().await;
                        assert!(status.expect("a child").success());
                    }
                }),
            )
        })
    }
});
