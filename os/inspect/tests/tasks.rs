//! What is said of tasks: lists, dumps, traces.

use std::future::pending;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use selkie::runtime::Runtime;
use selkie_inspect::Inspector;
use serde_json::Value;

use crate::client::{connect, get, get_with, inspected};

/// A runtime with a named task that accepts, and one that sleeps; both wait.
fn waiting_tasks() -> (Runtime, Inspector, SocketAddr, Value) {
    let (runtime, inspector, at) = inspected();
    let server = selkie::task::Builder::new().name("server <b>");
    let bind = selkie::net::TcpListener::bind("127.0.0.1:0");
    let listener = runtime.block_on(bind).unwrap();
    let accepting = async move { listener.accept().await.map(drop) };
    server.spawn_on(accepting, runtime.handle()).unwrap();
    runtime.spawn(async { selkie::time::sleep(Duration::from_secs(600)).await });
    let dump = loop {
        let dump = get(at, "/dump").json();
        let tasks = dump["tasks"].as_array().unwrap();
        if tasks.len() == 2 && tasks.iter().all(|task| task["waits_for"][0].is_string()) {
            break dump;
        }
    };
    (runtime, inspector, at, dump)
}

#[test]
fn a_dump_says_where_tasks_wait() {
    let (_runtime, _inspector, _at, dump) = waiting_tasks();
    let named = dump["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["name"].is_string());
    let named = named.unwrap();
    assert_eq!(named["name"], "server <b>");
    assert_eq!(named["state"], "waiting");
    // With line tables alone functions have no paths, and files stand in for them.
    let operation = named["waits_for"][0].as_str().unwrap();
    let has_paths = operation == "TcpListener::accept";
    assert!(
        has_paths || operation.starts_with("net/streams.rs:"),
        "{operation}"
    );
    let place = named["spawned_at"].as_str().unwrap();
    assert!(place.contains("tasks.rs:"), "{place}");
    let first = named["traces"][0][0]["function"].as_str().unwrap();
    assert!(!has_paths || first.contains("waiting_tasks"), "{first}");
}

#[test]
fn a_dump_is_written_in_two_formats_and_in_part() {
    let (_runtime, _inspector, at, dump) = waiting_tasks();
    let tasks = dump["tasks"].as_array().unwrap();
    let named = tasks.iter().find(|task| task["name"].is_string()).unwrap();
    for text in [
        get(at, "/dump.txt"),
        get_with(at, "/dump", "accept: text/plain\r\n"),
    ] {
        assert!(text.body.starts_with("2 tasks\n\ntask "), "{}", text.body);
        assert!(
            text.body.contains("(server <b>), spawned at "),
            "{}",
            text.body
        );
        assert!(
            text.head.contains("content-type: text/plain"),
            "{}",
            text.head
        );
    }
    let one = get(at, "/dump.txt?limit=1").body;
    assert!(
        one.starts_with("2 tasks\n") && one.ends_with("1 more; ask with limit=2\n"),
        "{one}"
    );
    assert_eq!(get(at, "/dump?limit=1").json()["omitted"], 1);
    let found = get(at, "/dump?filter=server+%3Cb").json();
    assert_eq!(found["tasks"].as_array().unwrap().len(), 1);
    let id = &named["id"];
    assert_eq!(
        get(at, &format!("/dump?id={id}")).json()["tasks"][0]["id"],
        *id
    );
    for wrong in ["0", "65537", "many"] {
        let answer = get(at, &format!("/dump?limit={wrong}"));
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.body.contains("from 1 to 65536"), "{}", answer.body);
    }
}

#[test]
fn tasks_are_listed_sorted_and_filtered() {
    let (runtime, _inspector, at) = inspected();
    let named = |name: &str, polls: u32| {
        let yielding = async move {
            for _ in 0..polls {
                selkie::task::yield_now().await;
            }
            pending::<()>().await;
        };
        let builder = selkie::task::Builder::new().name(name);
        builder.spawn_on(yielding, runtime.handle()).unwrap();
    };
    assert_eq!(get(at, "/tasks").json()["total"], 0);
    assert!(
        runtime.handle().is_tracking_tasks(),
        "the first look switches it on"
    );
    for (name, polls) in [("many", 30), ("Few", 10), ("none", 0)] {
        named(name, polls);
    }
    while get(at, "/tasks?filter=idle").json()["matching"] != 3 {
        std::thread::yield_now();
    }
    let names = |query: &str| -> Vec<String> {
        let answer = get(at, &format!("/tasks?{query}")).json();
        let tasks = answer["tasks"].as_array().unwrap().iter();
        tasks
            .map(|task| task["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("sort=polls"), ["many", "Few", "none"]);
    assert_eq!(names("sort=polls&order=asc&limit=2"), ["none", "Few"]);
    assert_eq!(names("sort=name"), ["none", "many", "Few"]);
    assert_eq!(names("filter=FEW"), ["Few"]);
    assert_eq!(names("filter=tasks.rs").len(), 3);
    let task = get(at, "/tasks.json?filter=many").json()["tasks"][0].clone();
    assert_eq!(
        (&task["polls"], &task["state"]),
        (&31.into(), &"idle".into())
    );
    let part = |key: &str| task[key].as_f64().unwrap();
    let parts = part("busy_seconds") + part("queued_seconds") + part("idle_seconds");
    assert!((parts - part("age_seconds")).abs() < 1e-6, "{task}");

    let text = get(at, "/tasks.txt?sort=id&limit=2").body;
    assert!(
        text.contains("id  name") && text.ends_with("\n1 more; ask with limit=3\n"),
        "{text}"
    );
    let places = get(at, "/tasks?by=place").json();
    assert_eq!(
        (&places["total"], &places["places"][0]["live"]),
        (&1.into(), &3.into())
    );
    for (query, why) in [
        ("sort=color", "sort must be one of id, name, "),
        (
            "by=place&sort=name",
            "sort must be one of spawned_at, live, ",
        ),
        ("order=up", "order must be asc or desc"),
        ("by=name", "by must be task or place"),
        ("limit=0", "limit must be a number from 1 to 16384"),
    ] {
        let refused = get(at, &format!("/tasks?{query}"));
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body.starts_with(why), "{}", refused.body);
    }
}

#[test]
fn a_trace_has_what_the_workers_did() {
    let (runtime, _inspector, at) = inspected();
    let none = get(at, "/trace?seconds=now");
    assert_eq!(none.status, 409);
    assert!(none.body.contains("is not being recorded"), "{}", none.body);
    for wrong in ["0", "61", "soon"] {
        assert_eq!(
            get(at, &format!("/trace?seconds={wrong}")).status,
            400,
            "{wrong}"
        );
    }
    let recorded = std::thread::spawn(move || get(at, "/trace?seconds=1"));
    let is_recorded = || runtime.handle().recording().is_some_and(|r| r.is_running());
    let begins = || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_recorded() {
            assert!(Instant::now() < deadline, "no recording has begun");
            std::thread::yield_now();
        }
    };
    begins();
    // While one client records, another one is refused.
    assert_eq!(get(at, "/trace?seconds=1").status, 503);
    // It lives when the recording is written: names of tasks that have ended are gone.
    let swimming = async {
        selkie::task::yield_now().await;
        pending::<()>().await;
    };
    let named = selkie::task::Builder::new().name("swimmer");
    named.spawn_on(swimming, runtime.handle()).unwrap();
    let trace = recorded.join().unwrap();
    assert!(
        trace.head.contains("filename=\"selkie-sea.json\""),
        "{}",
        trace.head
    );
    assert!(trace.json()["traceEvents"].as_array().unwrap().len() > 3);
    assert!(trace.body.contains("swimmer"));
    assert!(
        !is_recorded(),
        "what was begun for the request ends with it"
    );

    // One that the program begins meanwhile goes on.
    let recorded = std::thread::spawn(move || get(at, "/trace?seconds=1"));
    begins();
    let config = selkie::runtime::RecordingConfig::new();
    let recording = runtime.handle().start_recording(&config);
    assert_eq!(recorded.join().unwrap().status, 200);
    assert!(recording.is_running(), "the program has begun it");

    assert_eq!(get(at, "/trace?seconds=now").status, 200);
    assert_eq!(get(at, "/trace?seconds=1").status, 200);
    assert!(
        recording.is_running(),
        "the program's own recording goes on"
    );
}

#[test]
fn a_program_without_tasks_is_explained() {
    let (_runtime, _inspector, at) = inspected();
    let dump = get(at, "/dump.txt").body;
    assert!(dump.starts_with("0 tasks\nWhat `block_on` runs"), "{dump}");
    assert_eq!(get(at, "/dump.txt?id=7").body, "0 tasks\n");
}

#[test]
fn a_long_trace_is_sent_while_it_is_written() {
    let (runtime, _inspector, at) = inspected();
    let mut config = selkie::runtime::RecordingConfig::new();
    config.events_per_worker(65_536);
    let _recording = runtime.handle().start_recording(&config);
    let yielding = runtime.spawn(async {
        for _ in 0..40_000 {
            selkie::task::yield_now().await;
        }
    });
    runtime.block_on(yielding).unwrap();
    let path = "/trace?seconds=now";
    let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\n\r\n");
    // A client that goes in the midst of it makes room for the next.
    let mut hasty = connect(at);
    hasty.write_all(request.as_bytes()).unwrap();
    hasty.read_exact(&mut [0; 64]).unwrap();
    let busy = get(at, path);
    assert!(matches!(busy.status, 200 | 503), "{}", busy.body);
    drop(hasty);
    let deadline = Instant::now() + Duration::from_secs(20);
    let whole = loop {
        let answer = get(at, path);
        if answer.status == 200 {
            break answer;
        }
        assert!(Instant::now() < deadline, "{}", answer.body);
    };
    assert!(whole.body.len() > 1 << 20, "{}", whole.body.len());
    let length = format!("content-length: {}\r\n", whole.body.len());
    assert!(whole.head.contains(&length), "{}", whole.head);
    assert!(whole.json()["traceEvents"].as_array().unwrap().len() > 40_000);
    // Whoever asks for the head alone gets no more, and the connection goes on.
    let mut client = connect(at);
    let head = format!("HEAD {path} HTTP/1.1\r\nhost: {at}\r\n\r\n");
    let last = format!("GET /api/stats HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    client.write_all((head + &last).as_bytes()).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}
