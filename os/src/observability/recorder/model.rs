//! Models of the ring of events.

use loom::sync::Arc;
use loom::thread;

use super::event::{Event, EventKind};
use super::event_ring::EventRing;

fn numbered(number: u64) -> Event {
    Event::new(EventKind::Wake, number, number).with_number(number)
}

/// Attacks I2 and I3 of `event_ring`: a reader beside a writer that overwrites every slot sees whole events, in order.
#[test]
fn a_reader_sees_whole_events() {
    loom::model(|| {
        let ring = Arc::new(EventRing::new(2));
        ring.push(&numbered(0));
        let writer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || (1..4).for_each(|number| ring.push(&numbered(number))))
        };
        let copied = ring.copy();
        let numbers = copied.overwritten..;
        for (event, number) in copied.events.iter().zip(numbers) {
            assert_eq!(*event, numbered(number));
        }
        writer.join().expect("it ends");
        let copied = ring.copy();
        assert_eq!(copied.events.last(), Some(&numbered(3)));
    });
}
