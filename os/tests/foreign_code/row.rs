//! One row: a place, what foreign code does there, on which runtime, and when.

use selkie::runtime::Builder;

use crate::action::{Action, ForeignCode};
use crate::call_site::{CallSite, Scenario};
use crate::stage::{CallPhase, Flavor, PanicOutcome, Stage, check_others};
use crate::wakers;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    place: CallSite,
    action: Action,
    flavor: Flavor,
    phase: CallPhase,
}

/// All rows of `places`.
pub(crate) fn rows(places: impl IntoIterator<Item = CallSite>) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in places {
        for &flavor in place.flavors {
            for &phase in place.phases {
                for &action in place.actions {
                    rows.push(Row {
                        place,
                        action,
                        flavor,
                        phase,
                    });
                }
            }
        }
    }
    rows
}

impl Row {
    /// `place/action/flavor/phase`.
    pub(crate) fn name(&self) -> String {
        let Self {
            place,
            action,
            flavor,
            phase,
        } = self;
        format!("{}/{action:?}/{flavor:?}/{phase:?}", place.name)
    }

    /// Whether the row says that the process aborts, and it did so with the message that is said.
    pub(crate) fn may_abort(&self, why: &str) -> bool {
        self.place.panic == PanicOutcome::Aborts
            && why.contains("signal: 6")
            && why.contains("panic in a destructor during cleanup")
    }

    /// Runs the row; panics if anything is not as it should be.
    pub(crate) fn run(&self) {
        let Self {
            place,
            action,
            flavor,
            phase,
        } = self;
        let foreign = ForeignCode::new(*action);
        let seen = match place.play {
            Scenario::Alone(play) => play(*phase, &foreign),
            Scenario::On(play) => self.on_stage(&foreign, play),
            Scenario::Waker(wait, event) => self.on_stage(&foreign, |stage, foreign| {
                wakers::play(stage, foreign, wait, event)
            }),
        };
        assert!(foreign.was_called(), "foreign code was not called");
        foreign.check_ended();
        let expected = if foreign.panicked() {
            place.panic
        } else {
            PanicOutcome::Nobody
        };
        assert_eq!(seen, expected, "who saw it, on {flavor:?}");
        check_others();
    }

    fn on_stage(
        &self,
        foreign: &ForeignCode,
        play: impl FnOnce(&mut Stage, &ForeignCode) -> PanicOutcome,
    ) -> PanicOutcome {
        let configure = |builder: &mut Builder| (self.place.configure)(builder, foreign);
        let mut stage = Stage::new(self.flavor, self.phase, foreign, configure);
        let seen = play(&mut stage, foreign);
        stage.check_bystanders();
        assert_eq!(
            stage.end(),
            PanicOutcome::Nobody,
            "the runtime's drop panicked"
        );
        seen
    }
}
