//! What a person works with: the script language, the session that runs it, and one file per lab.

pub mod declaration;
pub mod script;
pub mod session;

pub use declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, Preset, SettingInfo};
pub use script::{Problem, Script};
pub use session::{PageBytes, Progress, Session};
