import CatalogModel

/// One page in a context of its own, as a user has it before them.
struct BrowserPage: Sendable {
    /// Keys that tests press, with the code that the browser knows them by.
    enum Key: String, Sendable {
        case tab = "Tab"
        case enter = "Enter"
        case escape = "Escape"
        case down = "ArrowDown"
        case up = "ArrowUp"
        case slash = "/"
        case space = " "

        fileprivate var code: Int64 {
            switch self {
            case .tab: 9
            case .enter: 13
            case .escape: 27
            case .space: 32
            case .up: 38
            case .down: 40
            case .slash: 191
            }
        }

        fileprivate var text: String? {
            switch self {
            case .enter: "\r"
            case .slash, .space: rawValue
            default: nil
            }
        }
    }

    private let browser: Browser
    private let session: String
    private let address: String

    /// Opens the console of a server on this machine.
    static func console(
        port: Int, _ path: String = "", headers: JSONObject = [:], width: Int = 1280,
        scheme: String = "light", isSecure: Bool = false
    ) async throws -> BrowserPage {
        let browser = try await Browser.shared()
        let context = try await browser.call("Target.createBrowserContext")
        let target = try await browser.call(
            "Target.createTarget",
            ["url": "about:blank", "browserContextId": context["browserContextId"] ?? .null])
        let attached = try await browser.call(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])
        let page = BrowserPage(
            browser: browser, session: attached["sessionId"]?.stringValue ?? "",
            address: "\(isSecure ? "https" : "http")://127.0.0.1:\(port)")
        for domain in ["Page", "Runtime", "Log", "Network"] { try await page("\(domain).enable") }
        try await page("Network.setExtraHTTPHeaders", ["headers": .object(headers)])
        try await page.resize(width: width)
        try await page.prefer(scheme: scheme)
        try await page("Page.navigate", ["url": .string("\(page.address)/ui\(path)")])
        try await page.until(
            "the page", "location.pathname === '/ui' && document.readyState === 'complete'")
        return page
    }

    @discardableResult
    func callAsFunction(_ method: String, _ parameters: JSONObject = [:]) async throws -> JSONValue
    {
        try await browser.call(method, parameters, session: session)
    }

    // MARK: What the user does

    func resize(width: Int, height: Int = 900) async throws {
        try await self(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .int(width), "height": .int(height), "deviceScaleFactor": 1,
                "mobile": .bool(width < 600),
            ])
    }

    func prefer(scheme: String) async throws {
        let feature: JSONValue = ["name": "prefers-color-scheme", "value": .string(scheme)]
        try await self("Emulation.setEmulatedMedia", ["features": .array([feature])])
    }

    func press(_ key: Key, shift: Bool = false) async throws {
        var event: JSONObject = [
            "key": .string(key.rawValue), "windowsVirtualKeyCode": .int(key.code),
            "modifiers": .int(shift ? 8 : 0),
        ]
        event["text"] = key.text.map { .string($0) }
        event["type"] = .string(key.text == nil ? "rawKeyDown" : "keyDown")
        try await self("Input.dispatchKeyEvent", event)
        event["type"] = "keyUp"
        event["text"] = nil
        try await self("Input.dispatchKeyEvent", event)
    }

    func type(_ text: String) async throws {
        try await self("Input.insertText", ["text": .string(text)])
    }

    /// Clicks in the middle of the first element that a selector finds.
    ///
    /// What comes to the page in the meantime may push the element away or put a new one in its
    /// place; then the click has hit something else, and is made again.
    func click(_ selector: String) async throws {
        let end = ContinuousClock.now + .seconds(15)
        repeat {
            let place = try await evaluate(
                """
                (() => {
                  const found = document.querySelector(\(Self.quoted(selector)));
                  found.scrollIntoView({ block: 'center' });
                  window.hasHit = false;
                  document.addEventListener('click', (event) => {
                    window.hasHit = Boolean(event.target.closest(\(Self.quoted(selector))));
                  }, { capture: true, once: true });
                  const box = found.getBoundingClientRect();
                  return [box.x + box.width / 2, box.y + box.height / 2];
                })()
                """)
            let (x, y) = (place.arrayValue?.first ?? 0, place.arrayValue?.last ?? 0)
            for type in ["mousePressed", "mouseReleased"] {
                try await self(
                    "Input.dispatchMouseEvent",
                    ["type": .string(type), "x": x, "y": y, "button": "left", "clickCount": 1])
            }
            if try await evaluate("window.hasHit") == true { return }
        } while ContinuousClock.now < end
        throw BrowserFailure("no click has hit \(selector)")
    }

    // MARK: What the user sees

    /// The value of an expression in the page; throws what it throws.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSONValue {
        let answer = try await self(
            "Runtime.evaluate",
            [
                "expression": .string(expression), "returnByValue": true, "awaitPromise": true,
            ])
        if let problem = answer.value(at: "exceptionDetails.exception.description")?.stringValue {
            throw BrowserFailure(problem)
        }
        return answer.value(at: "result.value") ?? .null
    }

    /// The text of the first element that a selector finds, empty where there is none.
    func text(_ selector: String) async throws -> String {
        try await evaluate("document.querySelector(\(Self.quoted(selector)))?.textContent ?? ''")
            .stringValue ?? ""
    }

    /// Waits until an expression is true.
    func until(
        _ what: String, within timeout: Duration = .seconds(15), _ expression: String
    ) async throws {
        let end = ContinuousClock.now + timeout
        while try await evaluate("Boolean(\(expression))") != true {
            guard ContinuousClock.now < end else {
                let seen = try await evaluate("document.body.innerText.slice(0, 1500)")
                throw BrowserFailure("not in time: \(what)\n\(seen.stringValue ?? "")\n\(problems)")
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    func untilLive() async throws {
        try await until("the live page", "document.querySelector('#live').dataset.tone === 'good'")
    }

    /// The picture of what is visible, as a PNG in base64.
    func screenshot() async throws -> String {
        let answer = try await self("Page.captureScreenshot", ["format": "png"])
        return answer["data"]?.stringValue ?? ""
    }

    /// Errors and warnings of the page: of its script, of its policy, of what it loads.
    var problems: [String] {
        browser.events(of: session).compactMap { event in
            switch event["method"]?.stringValue {
            case "Runtime.exceptionThrown": return "\(event["params"] ?? .null)"
            case "Page.javascriptDialogOpening": return "a dialog: \(event["params"] ?? .null)"
            case "Runtime.consoleAPICalled":
                let type = event.value(at: "params.type")?.stringValue ?? ""
                return ["error", "warning", "assert"].contains(type) ? "\(event)" : nil
            case "Log.entryAdded":
                let entry = event.value(at: "params.entry")
                let level = entry?["level"]?.stringValue ?? ""
                return ["error", "warning"].contains(level)
                    ? entry?["text"]?.stringValue ?? level : nil
            default: return nil
            }
        }
    }

    /// The addresses that the page has asked for.
    var requests: [String] {
        browser.events(of: session).compactMap { event in
            event["method"] == "Network.requestWillBeSent"
                ? event.value(at: "params.request.url")?.stringValue : nil
        }
    }

    /// A text as a string of the page's language.
    static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).encoded, as: UTF8.self)
    }
}
