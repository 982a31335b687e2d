# The steps of an upgrade: `accepted` and `downloading` fetch, `staged` hands over to Android's
# installer, `switching` waits for it. The installer ends this process when it replaces the app; the
# new one finds itself to be the release that the attempt is to.
.class public final Ldev/drydock/agent/Upgrade;
.super Ljava/lang/Object;

# Does what can be done now. A download that breaks off is tried again for an hour.
.method public static advance(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;)V
    .locals 3
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->phase(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v0
    const-string v1, "accepted"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v1
    if-nez v1, :fetch
    const-string v1, "downloading"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v1
    if-nez v1, :fetch
    const-string v1, "staged"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v1
    if-nez v1, :hand_over
    const-string v1, "switching"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v1
    if-eqz v1, :nothing
    invoke-static {p0}, Ldev/drydock/agent/Upgrade;->look(Landroid/content/Context;)V
    :nothing
    return-void
    :hand_over
    const-string v1, "switching"
    invoke-static {p0, v1}, Ldev/drydock/agent/Attempt;->enter(Landroid/content/Context;Ljava/lang/String;)V
    invoke-static {p0}, Ldev/drydock/agent/Install;->commit(Landroid/content/Context;)V
    return-void
    :fetch
    const-string v1, "downloading"
    invoke-static {p0, v1}, Ldev/drydock/agent/Attempt;->enter(Landroid/content/Context;Ljava/lang/String;)V
    :fetch_start
    invoke-static {p0, p1, p2}, Ldev/drydock/agent/Install;->fetch(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;)V
    :fetch_end
    .catch Ljava/io/IOException; {:fetch_start .. :fetch_end} :broken
    return-void
    :broken
    move-exception v0
    invoke-static {p0}, Ldev/drydock/agent/Upgrade;->isLate(Landroid/content/Context;)Z
    move-result v1
    if-eqz v1, :again
    const-string v1, "download-failed"
    invoke-virtual {v0}, Ljava/io/IOException;->getMessage()Ljava/lang/String;
    move-result-object v2
    invoke-static {p0, v1, v2}, Ldev/drydock/agent/Attempt;->fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    :again
    return-void
.end method

.method private static isLate(Landroid/content/Context;)Z
    .locals 5
    const-string v0, "attempt_began"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {v0}, Ljava/lang/Long;->parseLong(Ljava/lang/String;)J
    move-result-wide v0
    const-wide/32 v2, 0x36ee80
    add-long v0, v0, v2
    invoke-static {}, Ljava/lang/System;->currentTimeMillis()J
    move-result-wide v2
    cmp-long v4, v2, v0
    if-gez v4, :late
    const/4 v0, 0x0
    return v0
    :late
    const/4 v0, 0x1
    return v0
.end method

# Whether the installer has done it: this app is the release, or the session is gone without.
.method private static look(Landroid/content/Context;)V
    .locals 3
    const-string v0, "attempt_manifest"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {p0}, Ldev/drydock/agent/Release;->manifestDigest(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v1
    invoke-virtual {v1, v0}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    if-eqz v0, :not_yet
    const-string v0, "succeeded"
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->enter(Landroid/content/Context;Ljava/lang/String;)V
    return-void
    :not_yet
    invoke-static {p0}, Ldev/drydock/agent/Install;->isOpen(Landroid/content/Context;)Z
    move-result v0
    if-nez v0, :waits
    const-string v0, "install-failed"
    const-string v1, "the installer's session is gone, and the version is still the old one"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Attempt;->fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->skip(Landroid/content/Context;)V
    :waits
    return-void
.end method

# Follows an answer of the server. True: there is something to do or to say at once.
.method public static heed(Landroid/content/Context;Lorg/json/JSONObject;)Z
    .locals 4
    const-string v0, "acknowledged_attempt"
    const-string v1, ""
    invoke-virtual {p1, v0, v1}, Lorg/json/JSONObject;->optString(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->isNamed(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v0
    if-eqz v0, :instruction
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->forget(Landroid/content/Context;)V
    :instruction
    const-string v0, "instruction"
    invoke-virtual {p1, v0}, Lorg/json/JSONObject;->getJSONObject(Ljava/lang/String;)Lorg/json/JSONObject;
    move-result-object v0
    const-string v1, "kind"
    invoke-virtual {v0, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v2, "upgrade"
    invoke-virtual {v1, v2}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v2
    if-eqz v2, :no_upgrade
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->begin(Landroid/content/Context;Lorg/json/JSONObject;)V
    :no_upgrade
    const-string v2, "cancel"
    invoke-virtual {v1, v2}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v2
    if-eqz v2, :no_cancel
    invoke-static {p0, v0}, Ldev/drydock/agent/Upgrade;->cancel(Landroid/content/Context;Lorg/json/JSONObject;)Z
    move-result v2
    return v2
    :no_cancel
    const-string v2, "enrol-as-copy"
    invoke-virtual {v1, v2}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v2
    if-eqz v2, :no_copy
    invoke-static {p0}, Ldev/drydock/agent/Identity;->forgetAsCopy(Landroid/content/Context;)V
    const/4 v2, 0x1
    return v2
    :no_copy
    const-string v2, "accepted"
    invoke-static {p0, v2}, Ldev/drydock/agent/Attempt;->isIn(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v2
    if-nez v2, :at_once
    const-string v2, "staged"
    invoke-static {p0, v2}, Ldev/drydock/agent/Attempt;->isIn(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v2
    if-nez v2, :at_once
    const-string v2, "want_facts"
    const/4 v3, 0x0
    invoke-virtual {p1, v2, v3}, Lorg/json/JSONObject;->optBoolean(Ljava/lang/String;Z)Z
    move-result v2
    :at_once
    return v2
.end method

# True: it was stopped, which is to be told. Android's installer is past stopping once it began.
.method private static cancel(Landroid/content/Context;Lorg/json/JSONObject;)Z
    .locals 3
    const-string v0, "attempt_id"
    invoke-virtual {p1, v0}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->isNamed(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v1
    if-eqz v1, :leave
    const-string v2, "switching"
    invoke-static {p0, v2}, Ldev/drydock/agent/Attempt;->isIn(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v1
    if-nez v1, :leave
    const-string v1, "cancelled"
    const-string v2, ""
    invoke-static {p0, v1, v2}, Ldev/drydock/agent/Attempt;->fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    const/4 v0, 0x1
    return v0
    :leave
    const/4 v0, 0x0
    return v0
.end method
