//! Runtimes of each flavor.

use selkie::runtime::{Builder, Runtime};

/// A runtime of each flavor, one after the other, built after `configure`.
pub(crate) fn both(configure: impl Fn(&mut Builder)) -> impl Iterator<Item = Runtime> {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(2);
    let builders = [Builder::new_current_thread(), threads].into_iter();
    builders.map(move |mut builder| {
        builder.enable_all();
        configure(&mut builder);
        builder.build().unwrap()
    })
}
