import Logging

extension ObservationKind {
    /// The level at which observations of the kind are logged.
    var level: Logger.Level {
        switch self {
        case .databaseDown, .writeFailed, .requestFailed:
            .error
        case .settingIgnored, .settingRisky, .certificateRefused, .accessCheckFailed,
            .feedDisconnected, .feedDeaf, .feedPolling, .divergence,
            .digestMismatch, .rebuild, .entityBypassed, .loadFailed, .collectionOverBudget,
            .cacheDiscarded, .cacheUnwritable, .readerTooOld, .poolExhausted, .sourceFailed,
            .jobFailed, .leadershipLost, .upkeepFailed, .listenersEnded:
            .warning
        case .startupStep, .feedReconnecting, .gap, .batchApplied, .mapGrown, .staleReadersCleared,
            .jobStarted, .migrationLockAwaited, .changeLogTrimmed, .collectionEvicted,
            .namespaceEvicted:
            .debug
        default:
            .info
        }
    }
}

extension Observation {
    /// The associated values under their labels, and the name of the kind under `event`.
    ///
    /// Reads the labels by reflection, so that a new case needs no second list of its fields; slow
    /// and allocating, hence only asked for when the level is logged.
    var metadata: Logger.Metadata {
        var fields: Logger.Metadata = ["event": .string(kind.name)]
        guard let payload = Mirror(reflecting: self).children.first else { return fields }
        for (label, value) in Mirror(reflecting: payload.value).children {
            guard let label else { continue }
            switch value {
            case let number as any BinaryInteger:
                fields[label] = .stringConvertible(Int(clamping: number))
            case let text as String: fields[label] = .string(text)
            case let duration as Duration: fields[label] = .string(duration.millisecondsText)
            default: fields[label] = .string("\(value)")
            }
        }
        return fields
    }
}

extension Duration {
    /// The duration as in the access log, such as `1.234ms`.
    fileprivate var millisecondsText: String {
        var text: [UInt8] = []
        text.append(Swift.max(0, wholeMicros), fractionDigits: 3)
        text.append(text: "ms")
        return String(decoding: text, as: UTF8.self)
    }
}
