import Foundation

/// A plot of some lines as an SVG element that needs nothing from elsewhere.
package struct LineChart: Sendable {
    package enum Scale: Sendable {
        case linear
        case logarithmic
    }

    package struct Line: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]

        package init(name: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    /// A mark of an axis with its text.
    package struct Mark: Sendable, Hashable {
        package let value: Double
        package let text: String

        package init(value: Double, text: String) {
            self.value = value
            self.text = text
        }
    }

    package let title: String
    package let lines: [Line]
    package var yScale = Scale.linear
    /// Marks of the horizontal axis; made from the range when empty.
    package var xMarks: [Mark] = []
    /// A level to be seen beside the lines, such as a budget.
    package var limit: Mark?

    private static let width = 520.0
    private static let height = 240.0
    private static let left = 62.0
    private static let right = 14.0
    private static let top = 30.0
    private static let bottom = 30.0
    private static let colours = ["#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#475569"]

    package init(title: String, lines: [Line]) {
        self.title = title
        self.lines = lines
    }

    /// The SVG element; values that the scale cannot show are left out.
    package var svg: String {
        let shown = lines.map { line in
            Line(name: line.name, points: line.points.filter { isDrawable($0.x, $0.y) })
        }
        var svg =
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escaped(title))\">"
        svg += text(Self.left, 16, title, anchor: "start", style: "title")
        guard let area = Area(shown, limit: limit, scale: yScale) else {
            return svg + text(Self.width / 2, Self.height / 2, "no data") + "</svg>"
        }
        svg += axes(area)
        for (index, line) in shown.enumerated() where !line.points.isEmpty {
            let colour = Self.colours[index % Self.colours.count]
            let places = line.points.map { "\(place(x(area, $0.x))),\(place(y(area, $0.y)))" }
            svg +=
                "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.8\" points=\""
                + places.joined(separator: " ") + "\"/>"
            if shown.count > 1 {
                svg += text(
                    Self.width - Self.right, Self.top + 12 + 14 * Double(index), line.name,
                    anchor: "end", style: "label", fill: colour)
            }
        }
        return svg + "</svg>"
    }

    private func isDrawable(_ x: Double, _ y: Double) -> Bool {
        x.isFinite && y.isFinite && (yScale == .linear || y > 0)
    }

    private func axes(_ area: Area) -> String {
        var svg = ""
        for mark in area.yMarks {
            let level = y(area, mark.value)
            svg += stroke(Self.left, level, Self.width - Self.right, level, "grid")
            svg += text(Self.left - 6, level + 4, mark.text, anchor: "end")
        }
        for mark in xMarks.isEmpty ? area.xMarks : xMarks {
            guard area.x.contains(mark.value) else { continue }
            let place = x(area, mark.value)
            svg += stroke(place, Self.top, place, Self.height - Self.bottom, "grid")
            svg += text(place, Self.height - Self.bottom + 16, mark.text)
        }
        if let limit, area.y.contains(limit.value) {
            let level = y(area, limit.value)
            svg += stroke(Self.left, level, Self.width - Self.right, level, "limit")
            svg += text(Self.left + 6, level - 4, limit.text, anchor: "start", style: "limit")
        }
        return svg
    }

    private func x(_ area: Area, _ value: Double) -> Double {
        let part = (value - area.x.lowerBound) / (area.x.upperBound - area.x.lowerBound)
        return Self.left + part * (Self.width - Self.left - Self.right)
    }

    private func y(_ area: Area, _ value: Double) -> Double {
        func scaled(_ value: Double) -> Double { yScale == .linear ? value : log10(value) }
        let low = scaled(area.y.lowerBound)
        let part = (scaled(value) - low) / (scaled(area.y.upperBound) - low)
        return Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)
    }

    private func stroke(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
    ) -> String {
        "<line class=\"\(style)\" x1=\"\(place(x1))\" y1=\"\(place(y1))\" "
            + "x2=\"\(place(x2))\" y2=\"\(place(y2))\"/>"
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, anchor: String = "middle",
        style: String = "label", fill: String? = nil
    ) -> String {
        let colour = fill.map { " style=\"fill:\($0)\"" } ?? ""
        return "<text class=\"\(style)\" x=\"\(place(x))\" y=\"\(place(y))\" "
            + "text-anchor=\"\(anchor)\"\(colour)>\(HTMLText.escaped(text))</text>"
    }

    private func place(_ value: Double) -> String { String(format: "%.1f", value) }
}
