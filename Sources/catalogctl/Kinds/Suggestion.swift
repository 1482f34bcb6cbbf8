/// Finds the name that a wrong one was meant to be.
enum Suggestion {
    /// `; did you mean "…"?` where a name is near enough, else nothing.
    static func clause(for name: String, among names: [String]) -> String {
        nearest(to: name, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// The nearest name; nil where even that one has little in common.
    ///
    /// Case does not count.
    static func nearest(to name: String, among names: [String]) -> String? {
        let wanted = Array(name.lowercased())
        let distances = names.map { ($0, distance(wanted, Array($0.lowercased()))) }
        guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, wanted.count / 3) ? best.0 : nil
    }

    /// How many letters are put in, left out, replaced or exchanged with their neighbour.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var next = [row]
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(
                    last[column] + 1, next[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    best = min(best, before[column - 2] + 1)
                }
                next.append(best)
            }
            (before, last) = (last, next)
        }
        return last[right.count]
    }
}
