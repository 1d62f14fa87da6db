//! What the export dialog saves in the formats of others.

use yew::Context;

use super::action::Export;
use super::root::{App, Msg};
use super::{browser, snapshot};
use crate::export::{chrome, table};

/// Longest file: it is built in memory, in one go.
const BYTES_MAX: usize = 64 << 20;

impl App {
    pub fn export(&mut self, ctx: &Context<App>, export: Export) {
        match export {
            Export::Chrome => {
                let text = self.player.run.timeline().with(|timeline| chrome::write(timeline.trace(), BYTES_MAX));
                self.save("glassbase-timeline.json", text, "timeline", "chrome");
            }
            Export::Csv => {
                let write =
                    |timeline: &crate::view::Timeline| table::write(timeline.guide(), timeline.trace(), BYTES_MAX);
                let text = self.player.run.timeline().with(write);
                self.save("glassbase-measures.csv", text, "table", "csv");
            }
            Export::Svg | Export::Png => {
                let Some(picture) = self.place.find(".stage-area").and_then(|stage| snapshot::of(&stage)) else {
                    return self
                        .complain("The stage can't be made into a picture: there is nothing on it, or too much.");
                };
                if export == Export::Svg {
                    return browser::download("glassbase-stage.svg", &picture.svg);
                }
                let link = ctx.link().clone();
                picture.save_png("glassbase-stage.png", move |done| {
                    if !done {
                        link.send_message(Msg::Unpainted);
                    }
                });
            }
        }
    }

    fn save(&mut self, name: &str, text: Option<String>, what: &str, format: &str) {
        match text {
            Some(text) => browser::download(name, &text),
            None => self.complain(&format!(
                "The {what} of this run is longer than {} MiB, too much for the page: save the script, and let \
                 `glassbase run --format {format}` write it.",
                BYTES_MAX >> 20
            )),
        }
    }
}
