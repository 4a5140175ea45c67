//! One benchmark over the number of workers.

/// The figures of one benchmark, with their names.
pub type Figures = Vec<(&'static str, f64)>;

/// One benchmark.
pub struct Benchmark {
    pub name: &'static str,
    pub unit: &'static str,
    pub description: &'static str,
    /// Whether the process gets one processor, whatever the number of its workers.
    pub on_one_processor: bool,
    /// The runtimes that it runs on.
    pub runtimes: &'static [&'static str],
    pub measure: fn(&str, usize, &str) -> Option<Figures>,
}

/// Runs `future` on a runtime of several workers and returns what it comes to.
#[macro_export]
macro_rules! by_workers {
    ($({ $($body:tt)* })*) => {
        $crate::same_for!(selkie { $($($body)*)* });
        $crate::same_for!(tokio { $($($body)*)* });

        pub fn measure(
            runtime: &str,
            workers: usize,
            benchmark: &str,
        ) -> Option<$crate::scale::benchmark::Figures> {
            match runtime {
                "selkie" => selkie::measure(workers, benchmark),
                "tokio" => tokio::measure(workers, benchmark),
                _ => None,
            }
        }
    };
}
