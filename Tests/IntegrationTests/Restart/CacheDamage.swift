import Foundation

/// What is done to the files of a stopped replica's namespace.
enum CacheDamage: Sendable, CustomStringConvertible {
    /// Bytes at a place of the data file are inverted.
    case inverted(offset: Int, count: Int)
    /// The data file keeps a part of its length, in thousandths.
    case cut(Int)
    /// The data file is emptied.
    case emptied
    /// The lock file is gone.
    case withoutLock
    /// The data file is something else altogether.
    case junk

    var description: String {
        switch self {
        case .inverted(let offset, let count): "\(count) bytes inverted at \(offset)"
        case .cut(let part): "cut to \(part)/1000"
        case .emptied: "emptied"
        case .withoutLock: "without its lock file"
        case .junk: "overwritten with junk"
        }
    }

    /// Whether nothing of the file can be used, so that it must be discarded.
    var isFatal: Bool {
        switch self {
        case .inverted(let offset, _): offset < 32
        case .cut, .junk: true
        case .emptied, .withoutLock: false
        }
    }

    func apply(to folder: String) throws {
        let path = "\(folder)/data.mdb"
        switch self {
        case .withoutLock:
            try FileManager.default.removeItem(atPath: "\(folder)/lock.mdb")
        case .inverted(let offset, let count):
            try Self.change(path) { data in
                for index in offset..<min(offset + count, data.count) { data[index] ^= 0xFF }
            }
        case .cut(let part):
            try Self.change(path) { $0 = $0.prefix($0.count * part / 1_000) }
        case .emptied:
            try Self.change(path) { $0 = Data() }
        case .junk:
            try Self.change(path) { $0 = Data(repeating: 0x5A, count: $0.count) }
        }
    }

    private static func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// The pages of a data file that hold something, as byte offsets.
    static func pages(of folder: String) throws -> Int {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/data.mdb")).count / 4_096
    }
}
