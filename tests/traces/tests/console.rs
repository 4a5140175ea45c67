//! What console-subscriber sees of a program that knows nothing of it.

use std::collections::HashMap;
use std::time::Duration;

use console_api::instrument::InstrumentRequest;
use console_api::instrument::instrument_client::InstrumentClient;
use console_subscriber::ConsoleLayer;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, oneshot};
use tokio_stream::wrappers::TcpListenerStream;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The longest that anything here is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// A program: tasks, locks, channels and timers.
async fn program() {
    static COUNT: Semaphore = Semaphore::const_new(1);
    let shared = std::sync::Arc::new(Mutex::new(0));
    let room = std::sync::Arc::new(Semaphore::new(1));
    loop {
        let (tx, rx) = oneshot::channel();
        let (shared, room) = (shared.clone(), room.clone());
        let task = tokio::spawn(async move {
            let _permit = room.acquire().await.unwrap();
            *shared.lock().await += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
            tx.send(()).unwrap();
        });
        rx.await.unwrap();
        task.await.unwrap();
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        drop(COUNT.acquire().await);
    }
}

/// How many of each were seen so far.
#[derive(Default)]
struct Counts {
    kinds: HashMap<String, usize>,
    resources: HashMap<String, usize>,
    operations: usize,
    wakes: u64,
    polls: u64,
    located: usize,
}

impl Counts {
    fn is_complete(&self) -> bool {
        let resources = ["Mutex", "Semaphore", "Sender|Receiver", "Sleep"];
        ["task", "blocking", "block_on"]
            .iter()
            .all(|kind| self.kinds.contains_key(*kind))
            && resources
                .iter()
                .all(|kind| self.resources.contains_key(*kind))
            && self.operations > 0
            && self.wakes > 0
            && self.polls > 0
            && self.located > 0
    }

    fn add(&mut self, update: console_api::instrument::Update) {
        for task in update
            .task_update
            .iter()
            .flat_map(|update| &update.new_tasks)
        {
            for field in &task.fields {
                let name = field
                    .name
                    .as_ref()
                    .map(|name| format!("{name:?}"))
                    .unwrap_or_default();
                if name.contains("kind") {
                    let value = format!("{:?}", field.value);
                    for kind in ["blocking", "block_on", "task", "local"] {
                        if value.contains(&format!("\"{kind}\"")) {
                            *self.kinds.entry(kind.into()).or_default() += 1;
                        }
                    }
                }
            }
            let file = task
                .location
                .as_ref()
                .and_then(|location| location.file.as_deref());
            self.located += usize::from(file.is_some_and(|file| file.ends_with("console.rs")));
        }
        for stats in update
            .task_update
            .iter()
            .flat_map(|update| update.stats_update.values())
        {
            self.wakes += stats.wakes;
            self.polls += stats.poll_stats.as_ref().map_or(0, |stats| stats.polls);
        }
        for resource in update
            .resource_update
            .iter()
            .flat_map(|update| &update.new_resources)
        {
            *self
                .resources
                .entry(resource.concrete_type.clone())
                .or_default() += 1;
        }
        self.operations += update
            .async_op_update
            .map_or(0, |update| update.new_async_ops.len());
    }
}

/// Watches the aggregator as the console does, until everything was seen.
async fn watch(address: std::net::SocketAddr) -> Counts {
    let mut client = InstrumentClient::connect(format!("http://{address}"))
        .await
        .unwrap();
    let mut updates = client
        .watch_updates(InstrumentRequest {})
        .await
        .unwrap()
        .into_inner();
    let mut seen = Counts::default();
    while !seen.is_complete() {
        match tokio::time::timeout(LIMIT, updates.message()).await {
            Ok(update) => seen.add(update.unwrap().expect("the stream goes on")),
            Err(_) => break,
        }
    }
    seen
}

#[test]
fn console_sees_tasks_resources_and_wakes_of_a_program_that_knows_nothing_of_it() {
    let (layer, server) = ConsoleLayer::builder()
        .publish_interval(Duration::from_millis(50))
        .build();
    tracing_subscriber::registry().with(layer).init();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    // As the subscriber's own thread, out of the sight of its own layer.
    let (done, watched) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _unseen =
            tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let parts = server.into_parts();
            let incoming = TcpListenerStream::new(TcpListener::from_std(listener).unwrap());
            let serve = tonic::transport::Server::builder()
                .add_service(parts.instrument_server)
                .serve_with_incoming(incoming);
            let aggregate = parts.aggregator.run();
            tokio::select! {
                served = serve => served.unwrap(),
                () = aggregate => {}
                seen = watch(address) => done.send(seen).unwrap(),
            }
        });
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.spawn(program());
    // The root, too, is something to see.
    let seen = runtime.block_on(async {
        tokio::task::spawn_blocking(move || watched.recv_timeout(2 * LIMIT))
            .await
            .unwrap()
    });
    let seen = seen.expect("the console's side ended");
    assert!(
        seen.is_complete(),
        "kinds {:?}, resources {:?}, operations {}, wakes {}, polls {}, located {}",
        seen.kinds,
        seen.resources,
        seen.operations,
        seen.wakes,
        seen.polls,
        seen.located
    );
    runtime.shutdown_background();
}
