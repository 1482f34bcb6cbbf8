import CatalogModel

/// A pattern of paths: `*` and `?` within a segment, `**` for any number of segments.
package struct PathGlob: Sendable, Hashable {
    private let segments: [[UInt8]]

    /// Nil for an empty pattern, one that leaves its folder, or one beyond the limits.
    package init?(_ text: String) {
        let parts = text.split(separator: "/").map { Array($0.utf8) }.filter { $0 != [0x2E] }
        guard !parts.isEmpty, text.utf8.count <= CatalogLimits.itemPatternBytes,
            parts.count <= SourceLimits.globSegments, !parts.contains([0x2E, 0x2E])
        else { return nil }
        segments = parts
    }

    /// Whether the whole path matches; takes at most path length × pattern length steps.
    package func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map { Array($0.utf8) }
        // Which beginnings of the pattern match the beginning of the path looked at so far.
        var reached = Set([0])
        Self.skip(&reached, segments)
        for part in parts {
            var next: Set<Int> = []
            for index in reached where index < segments.count {
                if segments[index] == Self.anyFolders {
                    next.insert(index)
                } else if Self.matches(part, segments[index]) {
                    next.insert(index + 1)
                }
            }
            Self.skip(&next, segments)
            reached = next
        }
        return reached.contains(segments.count)
    }

    private static let anyFolders = Array("**".utf8)

    /// `**` also stands for no segment at all.
    private static func skip(_ reached: inout Set<Int>, _ segments: [[UInt8]]) {
        for index in segments.indices
        where reached.contains(index) && segments[index] == anyFolders {
            reached.insert(index + 1)
        }
    }

    /// Matches one segment, keeping one point of return.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (place, index) = (0, 0)
        var retry: (index: Int, place: Int)?
        while place < text.count {
            if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
                retry = (index, place)
                index += 1
            } else if index < pattern.count,
                pattern[index] == text[place] || pattern[index] == UInt8(ascii: "?")
            {
                place += 1
                index += 1
            } else if let point = retry {
                place = point.place + 1
                retry = (point.index, place)
                index = point.index + 1
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
