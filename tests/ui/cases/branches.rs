//! One branch more than `select!` takes.

async fn too_many() {
    selkie::select! {
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
        _ = std::future::ready(()) => {}
    }
}

fn main() {}
