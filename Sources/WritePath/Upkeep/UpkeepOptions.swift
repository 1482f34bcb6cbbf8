/// How much of the log, the audit events and the restores' aftermath is kept or looked for.
package struct UpkeepOptions: Sendable {
    /// Older revisions go, whoever still needs them.
    package var maxAge: Duration = .seconds(3_600)
    /// More revisions of a namespace than this go, whoever still needs them.
    package var maxRevisions: Int64 = 100_000
    /// So many newest revisions stay although every live replica has applied them.
    package var keepRevisions: Int64 = 1_000
    /// Revisions younger than this stay although every live replica has applied them.
    package var keepAge: Duration = .seconds(300)
    /// How often the log is trimmed.
    package var trimInterval: Duration = .seconds(30)
    /// How long audit events are kept; nil keeps them for ever.
    package var auditRetention: Duration? = .seconds(90 * 86_400)
    /// How often the files of the tables are looked at.
    package var watchInterval: Duration = .seconds(1)
    /// How long nothing may have changed before a restore counts as over.
    package var settling: Duration = .seconds(10)

    /// A listening session that its replica has not used for so long is ended: twice the time within
    /// which a replica that runs notices a session that does not.
    package var listenerPatience: Duration = .seconds(10)

    package init() {}

    /// How often the turns are asked for.
    var tick: Duration { min(.milliseconds(500), trimInterval) }
    var maxAgeMs: Int64 { Int64(maxAge / .milliseconds(1)) }
    var keepAgeMs: Int64 { Int64(keepAge / .milliseconds(1)) }
}
