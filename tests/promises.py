"""What this server promises, by stable id; ``test_promises`` holds us to it.

The words are those of the security guides, made exact, and cut to what is so today.
"""

from typing import Final

PROMISES: Final = {
    "audit.erasable": (
        "Erasing a person leaves the chain verifiable; an unrecorded redaction is a "
        "finding."
    ),
    "audit.events": (
        "Of the ten security event types each record is one (log-ins, of which there "
        "are none yet, aside), or the session of a process, with a risk level."
    ),
    "audit.every-call": (
        "Every call, refusal, failure, cancellation and administrative act leaves its "
        "record, committed before its answer, at each door: of a job the first and the "
        "last step, of refusals over a limit one an interval. Nothing that is sent can "
        "become a line."
    ),
    "audit.fail-closed": (
        "If the record cannot be written (a full disk, a lock held by others, a file "
        "that is read-only), nothing leaves, and the caller gets a sentence."
    ),
    "audit.prove": (
        "A row, or that the log goes on from an earlier checkpoint, is proven to who "
        "has neither the store nor a key of it."
    ),
    "audit.report": (
        "A report over any days has the guide's sections (authentication, data access, "
        "consent changes, security incidents) and key rotations, as JSON, CSV and a "
        "page a person can read, and says first whether the log holds."
    ),
    "audit.retention": (
        "Rows of the log go after six years and details after three months, never "
        "silently: a checkpoint signs for them, and what stays is checked and proven "
        "as before."
    ),
    "audit.tamper": (
        "Any edit, deletion, reordering or insertion by someone without the keys is "
        "detected and located (to the row, or to one checkpoint interval); forks, "
        "cuts and rewrites by a key holder are detected against a checkpoint held "
        "elsewhere; the README has the table of what cannot be seen."
    ),
    "audit.witness": (
        "Checkpoints are kept where you name: a file or a command is told each, after "
        "the answer it came with, and what fails is caught up with."
    ),
    "compliance.documents": (
        "DPIA, privacy notice, record of processing, HIPAA safeguards table and CCPA "
        "notice are written from the running configuration; a recipient's copy names "
        "no other recipient, and does not tell what there is."
    ),
    "consent.cleanup": (
        "Withdrawal can delete what was collected under it, after it said how much "
        "that is and who else may read it."
    ),
    "consent.every-tool": (
        "A tool or resource without declared needs, or a prompt without the tools it "
        "leads to, cannot be registered."
    ),
    "consent.expiry": (
        "Consent ends at its expiry to the instant, and when the notice changes."
    ),
    "consent.explicit": (
        "Nothing personal is read for, analysed for, or sent to a recipient without "
        "all four kinds of consent in force; import and upkeep compute only what is "
        "stored for the person, sealed and categorised."
    ),
    "consent.granular": (
        "Source, category, purpose, recipient, tool and expiry are each separate; a "
        "partial consent gives a partial answer that says so and does not tell "
        "whether withheld data exists."
    ),
    "consent.history": (
        "Every change is kept, append-only, and can be shown to the person; receipts "
        "can be issued."
    ),
    "consent.human-only": (
        "Nothing that arrives over MCP grants consent; with the consent lock on, nor "
        "does a program with a pseudo-terminal."
    ),
    "consent.provenance": (
        "Data whose provider forbids AI use is refused to every MCP recipient: its "
        "rows are not read for one, and its answers are as if they were not there."
    ),
    "consent.verify": (
        "A consent token is verified for person, operation and scopes, and the answer "
        "says what is missing."
    ),
    "consent.withdraw-now": (
        "Withdrawal works on the next call in every process, and on a running call "
        "until its release commits."
    ),
    "incident.levels": (
        "Incidents have the three levels of the guide, a state, a timeline drawn from "
        "a log that is checked first, and the 72-hour clock of a notifiable breach."
    ),
    "incident.runbook": (
        "The six response steps exist as commands: find, assess, contain (withdraw, "
        "block, end tokens, emergency rotation, each asked first), investigate, "
        "recover with drafts of both notices, and review."
    ),
    "jobs.bound": (
        "Long work is known to the recipient that began it alone; each step is let in "
        "by the consents in force, and a withdrawal or cancel stops the next one."
    ),
    "jobs.resume": (
        "Long work survives its client, and goes on in the next process of the same "
        "recipient, losing and doubling nothing."
    ),
    "keys.authentic": (
        "A key state or consent written without the keys is refused and reported."
    ),
    "keys.backup": (
        "A backup is a consistent copy, checked once written, that opens with the MEK "
        "only and holds no unwrapped key; a restore checks all of it, erases again "
        "whoever was erased since, withdraws every consent, and replaces no store "
        "unasked."
    ),
    "keys.bound-cell": (
        "A sealed cell opens only in its own row, column, tenant and person, under "
        "its own key, and beside its own source, origin and day; any changed bit is "
        "refused."
    ),
    "keys.dek-emergency": (
        "A compromised key is marked and opens only what it had sealed by then; its "
        "data is sealed again first, and the event recorded as a high risk."
    ),
    "keys.dek-generated": (
        "The first DEK is made on first start, stored only wrapped; two processes "
        "starting at once make one."
    ),
    "keys.dek-rotation": (
        "Rotation seals everything again online: reads and writes go on, a kill at "
        "any moment loses nothing, it resumes, and the old key is destroyed at the end."
    ),
    "keys.dev-mode": (
        "With no MEK a development key is made, kept apart from the database, and "
        "warned about; only its public id is printed; it can be revealed on a terminal "
        "and set in production with no data migration."
    ),
    "keys.mek-external": (
        "The master key comes from the environment, a file, the OS keychain, a "
        "command, a PKCS#11 token or a passphrase; it is 256 bits, never in the "
        "database, a log, an error, an audit row, stderr, a core dump or a child's "
        "environment, and neither are PIN and passphrase."
    ),
    "keys.mek-rotation": (
        "A new MEK takes over without downtime and without sealing data again; status "
        "says when the old may go; after a compromise all data keys are replaced too."
    ),
    "keys.no-overwrite": (
        "An unreadable keyring, a wrong, absent or unreadable MEK or a transient error "
        "never makes a new key or puts one over another; each has its own error, which "
        "names the MEK id that the store needs."
    ),
    "keys.nonce-budget": (
        "Seals per key are counted; rotation starts at 2^30 and sealing stops at 2^31."
    ),
    "keys.production": "Production refuses to start without a proper MEK.",
    "keys.vectors": (
        "The one function that calls AES-GCM agrees with the NIST CAVP cases of our "
        "shape (96-bit IV, 128-bit tag), refusals included; frozen cells (fixed key, "
        "nonce and place to exact bytes) hold for the whole seal, in every released "
        "format."
    ),
    "limits.adaptive": (
        "A recipient that calls beyond the limit is refused for a time that doubles "
        "with each time within a day, in every process; it is told when it may ask "
        "again, the person why."
    ),
    "mcp.cancel": "A cancelled call stops, leaves nothing half done, and is recorded.",
    "mcp.capabilities": "Declared capabilities are exactly the served ones.",
    "mcp.errors": (
        "Authorisation errors name the scope, execution errors are cleaned; no path, "
        "SQL, key, value or stack trace leaves."
    ),
    "mcp.malformed": (
        "Every malformed, oversized or hostile line gets an error or a clean refusal "
        "within a second; the server goes on."
    ),
    "mcp.progress": "The client's token is echoed; progress only grows.",
    "mcp.shutdown": (
        "End of input, SIGTERM and Ctrl-C answer what is running, flush, and exit "
        "within 1.5 s."
    ),
    "mcp.versions": (
        "The versions `2024-11-05` and `2025-06-18` are served, and every other "
        "version the SDK speaks; an unsupported one gets the counter-offer the "
        "specification asks for."
    ),
    "monitor.behaviour": (
        "Unusual access (bulk reading, probing, guessing, places after all else, a new "
        "client name, odd hours, bursts) is scored by published rules and reported; "
        "over the limit the recipient is slowed, until the person lifts it."
    ),
    "monitor.events-report": (
        "The command `security events` gives the guide's counters and the time of the "
        "last scan; a counter that has no source yet reads not_applicable."
    ),
    "monitor.metrics": (
        "Failed attempts, limit violations, tokens made, data accesses and suspicious "
        "activities are counted."
    ),
    "monitor.thresholds": (
        "Thresholds, which the person sees and sets, raise alerts: on stderr, in the "
        "log, and to a command the operator names, which delays no call."
    ),
    "privacy.classified": (
        "Every field of every answer has a class; an undeclared one fails the build."
    ),
    "privacy.every-exit": (
        "The chosen level applies to every tool and resource, and to what a cursor or "
        "an id leads to; a prompt is written from its arguments alone, and errors and "
        "progress messages hold nothing of a person."
    ),
    "privacy.levels": (
        "High anonymises, removes places and generalises times; medium pseudonymises "
        "and coarsens places; low records the level with the access. More is shown "
        "only after a challenge on a terminal."
    ),
    "privacy.location": (
        "A privacy zone hides what lies in it, for every recipient and at every level; "
        "from where tracks come out of it, and from totals of distance and time, its "
        "place cannot be found to better than its secret shift, however many there are."
    ),
    "privacy.minimised": (
        "An import reads only the members of an archive that it needs; an answer holds "
        "only the categories its tool declares."
    ),
    "privacy.retention": (
        "Data is kept as long as its policy says, by category and in days after its "
        "own, then deleted from the file, and the deletion is recorded."
    ),
    "privacy.untrusted-text": (
        "Text from outside never reaches the model as instructions: cleaned, capped, "
        "marked."
    ),
    "rights.access": (
        "A person exports everything held about them, with consents, recipients and "
        "access history, by a challenge and a record before the first byte; no key "
        "is in it."
    ),
    "rights.disclosures": (
        "A person sees every recipient their data went to, what categories of which "
        "source, and when, told from a log that is checked first."
    ),
    "rights.erase": (
        "Erasure deletes a person's rows and destroys the person's keys in one step, "
        "cleans WAL and free pages, stops what runs for the person in any process, and "
        "gives a signed receipt that lists what is out of reach (older backups while "
        "their master key exists, what was imported or exported, what recipients "
        "hold); a tombstone outside the store tells an older copy's owner again."
    ),
    "rights.object": (
        "A person objects to a purpose or opts out of any disclosure, at once, for "
        "running calls and jobs too, whatever is consented to."
    ),
    "rights.portability": (
        "The export is machine-readable: JSON, tables whose text no spreadsheet runs, "
        "and activity files, as they came where they were kept and else as TCX that "
        "comes back as the same activity."
    ),
    "rights.rectify": (
        "A person corrects what a recording got wrong: every reader sees it, it is "
        "recorded with what was there and why, it survives undo, the same file again, "
        "a new formula and new keys, and it can be taken back."
    ),
    "rights.requests": (
        "Requests by law are kept with their legal deadline, and an overdue one is "
        "said."
    ),
    "seal.no-plaintext": (
        "After a full exercise no sensitive value, name, place, key, PIN or passphrase "
        "occurs in the database, WAL, temporary directory, logs or stderr."
    ),
    "store.crash": (
        "Kill -9, a full disk or two processes at once lose no acknowledged write and "
        "leave no unreadable cell; of a damaged WAL a clean prefix is left, and what "
        "is lost is said."
    ),
    "store.deep-check": (
        "The deep check (`doctor --deep`) opens every cell and looks at every key, "
        "reference and log row; a changed bit of a cell is reported, and no damage "
        "ends the check."
    ),
    "store.parameterised": (
        "Every statement is parameterised; hostile strings pass through unchanged."
    ),
    "store.rollback": (
        "An older copy put back serves nobody until accepted, and never revives a "
        "withdrawn consent."
    ),
    "tenant.isolation": (
        "A person or recipient never reads, changes, counts or infers another's rows, "
        "grants or cursors, through any tool, resource, cursor, id or error (the "
        "holder of the master key and the file reads all)."
    ),
    "tenant.keys": "Each tenant's and person's data is under its own key.",
}
