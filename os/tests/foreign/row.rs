//! One row: a place, what foreign code does there, on which runtime, and when.

use selkie::runtime::Builder;

use crate::act::{Act, Foreign};
use crate::call_site::{CallSite, Play};
use crate::stage::{Flavour, Moment, Seen, Stage, check_others};
use crate::wakers;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    place: CallSite,
    act: Act,
    flavour: Flavour,
    moment: Moment,
}

/// All rows of `places`.
pub(crate) fn rows(places: impl IntoIterator<Item = CallSite>) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in places {
        for &flavour in place.flavours {
            for &moment in place.moments {
                for &act in place.acts {
                    rows.push(Row {
                        place,
                        act,
                        flavour,
                        moment,
                    });
                }
            }
        }
    }
    rows
}

impl Row {
    /// `place/act/flavour/moment`.
    pub(crate) fn name(&self) -> String {
        let Self {
            place,
            act,
            flavour,
            moment,
        } = self;
        format!("{}/{act:?}/{flavour:?}/{moment:?}", place.name)
    }

    /// Whether the row says that the process aborts, and it did so with the message that is said.
    pub(crate) fn may_abort(&self, why: &str) -> bool {
        self.place.panic == Seen::Aborts
            && why.contains("signal: 6")
            && why.contains("panic in a destructor during cleanup")
    }

    /// Runs the row; panics if anything is not as it should be.
    pub(crate) fn run(&self) {
        let Self {
            place,
            act,
            flavour,
            moment,
        } = self;
        let foreign = Foreign::new(*act);
        let seen = match place.play {
            Play::Alone(play) => play(*moment, &foreign),
            Play::On(play) => self.on_stage(&foreign, play),
            Play::Waker(wait, event) => self.on_stage(&foreign, |stage, foreign| {
                wakers::play(stage, foreign, wait, event)
            }),
        };
        assert!(foreign.was_called(), "foreign code was not called");
        foreign.check_ended();
        let expected = if foreign.panicked() {
            place.panic
        } else {
            Seen::Nobody
        };
        assert_eq!(seen, expected, "who saw it, on {flavour:?}");
        check_others();
    }

    fn on_stage(&self, foreign: &Foreign, play: impl FnOnce(&mut Stage, &Foreign) -> Seen) -> Seen {
        let configure = |builder: &mut Builder| (self.place.configure)(builder, foreign);
        let mut stage = Stage::new(self.flavour, self.moment, foreign, configure);
        let seen = play(&mut stage, foreign);
        stage.check_bystanders();
        assert_eq!(stage.end(), Seen::Nobody, "the runtime's drop panicked");
        seen
    }
}
