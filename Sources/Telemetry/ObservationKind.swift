/// What happened, without its values: the label of a counter and the field `event` of a log line.
package enum ObservationKind: Int, Sendable, CaseIterable {
    case starting
    case startupStep
    case listening
    case ready
    case stopping
    case stopped
    case settingIgnored
    case settingRisky
    case certificateReplaced
    case certificateRefused
    case feedConnected
    case feedDisconnected
    case feedReconnecting
    case feedHearing
    case feedDeaf
    case feedPolling
    case gap
    case batchApplied
    case divergence
    case digestMismatch
    case rebuild
    case rebuilt
    case entityBypassed
    case collectionLoaded
    case loadFailed
    case collectionEvicted
    case namespaceEvicted
    case collectionOverBudget
    case cacheDiscarded
    case mapGrown
    case cacheUnwritable
    case staleReadersCleared
    case readerTooOld
    case databaseUp
    case databaseDown
    case poolExhausted
    case migrationApplied
    case legacyRowsCopied
    case legacyTableImported
    case migrationLockAwaited
    case writeFailed
    case changeLogTrimmed
    case auditTrimmed
    case listenersEnded
    case upkeepFailed
    case sourceLoaded
    case sourceFailed
    case sourcesChanged
    case jobStarted
    case jobSucceeded
    case jobFailed
    case jobsReclaimed
    case requestFailed
    case accessCheckFailed
    case leadershipAcquired
    case leadershipLost

    /// The stable name in metrics and logs, such as `feed_connected`.
    package var name: String { Self.names[rawValue] }

    private static let names: [String] = allCases.map { kind in
        var name = ""
        for character in "\(kind)" {
            if character.isUppercase {
                name.append("_")
            }
            name.append(contentsOf: character.lowercased())
        }
        return name
    }
}

extension Observation {
    /// The kind of the observation; no allocation.
    package var kind: ObservationKind {
        switch self {
        case .starting: .starting
        case .startupStep: .startupStep
        case .listening: .listening
        case .ready: .ready
        case .stopping: .stopping
        case .stopped: .stopped
        case .settingIgnored: .settingIgnored
        case .settingRisky: .settingRisky
        case .certificateReplaced: .certificateReplaced
        case .certificateRefused: .certificateRefused
        case .feedConnected: .feedConnected
        case .feedDisconnected: .feedDisconnected
        case .feedReconnecting: .feedReconnecting
        case .feedHearing: .feedHearing
        case .feedDeaf: .feedDeaf
        case .feedPolling: .feedPolling
        case .gap: .gap
        case .batchApplied: .batchApplied
        case .divergence: .divergence
        case .digestMismatch: .digestMismatch
        case .rebuild: .rebuild
        case .rebuilt: .rebuilt
        case .entityBypassed: .entityBypassed
        case .collectionLoaded: .collectionLoaded
        case .loadFailed: .loadFailed
        case .collectionEvicted: .collectionEvicted
        case .namespaceEvicted: .namespaceEvicted
        case .collectionOverBudget: .collectionOverBudget
        case .cacheDiscarded: .cacheDiscarded
        case .mapGrown: .mapGrown
        case .cacheUnwritable: .cacheUnwritable
        case .staleReadersCleared: .staleReadersCleared
        case .readerTooOld: .readerTooOld
        case .databaseUp: .databaseUp
        case .databaseDown: .databaseDown
        case .poolExhausted: .poolExhausted
        case .migrationApplied: .migrationApplied
        case .legacyRowsCopied: .legacyRowsCopied
        case .legacyTableImported: .legacyTableImported
        case .migrationLockAwaited: .migrationLockAwaited
        case .writeFailed: .writeFailed
        case .changeLogTrimmed: .changeLogTrimmed
        case .auditTrimmed: .auditTrimmed
        case .listenersEnded: .listenersEnded
        case .upkeepFailed: .upkeepFailed
        case .sourceLoaded: .sourceLoaded
        case .sourceFailed: .sourceFailed
        case .sourcesChanged: .sourcesChanged
        case .jobStarted: .jobStarted
        case .jobSucceeded: .jobSucceeded
        case .jobFailed: .jobFailed
        case .jobsReclaimed: .jobsReclaimed
        case .requestFailed: .requestFailed
        case .accessCheckFailed: .accessCheckFailed
        case .leadershipAcquired: .leadershipAcquired
        case .leadershipLost: .leadershipLost
        }
    }
}
