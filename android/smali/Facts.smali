# What the agent knows of its machine (src/contract/agent/facts.ts), in the contract's order. MAC
# addresses and who uses the device are kept from apps by Android, so they are not told.
.class public final Ldev/drydock/agent/Facts;
.super Ljava/lang/Object;

.method public static collect(Landroid/content/Context;Lorg/json/JSONObject;)Lorg/json/JSONObject;
    .locals 6
    new-instance v0, Lorg/json/JSONObject;
    invoke-direct {v0}, Lorg/json/JSONObject;-><init>()V
    const-string v1, "hostname"
    invoke-static {p0}, Ldev/drydock/agent/Facts;->name(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v2
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "platform"
    const-string v2, "android"
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "arch"
    invoke-static {}, Ldev/drydock/agent/Facts;->arch()Ljava/lang/String;
    move-result-object v2
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "libc"
    const-string v2, "none"
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "os_name"
    const-string v2, "Android"
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "os_version"
    sget-object v2, Landroid/os/Build$VERSION;->RELEASE:Ljava/lang/String;
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "kernel"
    const-string v2, "os.version"
    invoke-static {v2}, Ljava/lang/System;->getProperty(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "kind"
    const-string v2, "workstation"
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {v0}, Ldev/drydock/agent/Addresses;->putInto(Lorg/json/JSONObject;)V
    const-string v1, "domain"
    const-string v2, ""
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "machine_id"
    invoke-virtual {p0}, Landroid/content/Context;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v2
    const-string v3, "android_id"
    invoke-static {v2, v3}, Landroid/provider/Settings$Secure;->getString(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "time_zone"
    invoke-static {}, Ljava/util/TimeZone;->getDefault()Ljava/util/TimeZone;
    move-result-object v2
    invoke-virtual {v2}, Ljava/util/TimeZone;->getID()Ljava/lang/String;
    move-result-object v2
    const/16 v3, 0x40
    invoke-static {v2, v3}, Ldev/drydock/agent/Text;->cut(Ljava/lang/String;I)Ljava/lang/String;
    move-result-object v2
    invoke-static {v0, v1, v2}, Ldev/drydock/agent/Facts;->text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    const-string v1, "endpoint_tags"
    invoke-virtual {p1, v1}, Lorg/json/JSONObject;->optJSONArray(Ljava/lang/String;)Lorg/json/JSONArray;
    move-result-object v2
    if-nez v2, :tagged
    new-instance v2, Lorg/json/JSONArray;
    invoke-direct {v2}, Lorg/json/JSONArray;-><init>()V
    :tagged
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "installed_at"
    invoke-static {p0}, Ldev/drydock/agent/Release;->info(Landroid/content/Context;)Landroid/content/pm/PackageInfo;
    move-result-object v2
    iget-wide v2, v2, Landroid/content/pm/PackageInfo;->firstInstallTime:J
    invoke-virtual {v0, v1, v2, v3}, Lorg/json/JSONObject;->put(Ljava/lang/String;J)Lorg/json/JSONObject;
    return-object v0
.end method

.method private static text(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;)V
    .locals 2
    const/16 v0, 0xff
    invoke-static {p2, v0}, Ldev/drydock/agent/Text;->cut(Ljava/lang/String;I)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {p0, p1, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    return-void
.end method

# What its user calls the device, else its model.
.method private static name(Landroid/content/Context;)Ljava/lang/String;
    .locals 2
    invoke-virtual {p0}, Landroid/content/Context;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v0
    const-string v1, "device_name"
    invoke-static {v0, v1}, Landroid/provider/Settings$Global;->getString(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    if-nez v0, :named
    sget-object v0, Landroid/os/Build;->MODEL:Ljava/lang/String;
    :named
    return-object v0
.end method

# The app is the same on all: this is which of a version's releases the device is counted to.
.method public static arch()Ljava/lang/String;
    .locals 2
    sget-object v0, Landroid/os/Build;->SUPPORTED_ABIS:[Ljava/lang/String;
    const/4 v1, 0x0
    aget-object v0, v0, v1
    const-string v1, "x86"
    invoke-virtual {v0, v1}, Ljava/lang/String;->startsWith(Ljava/lang/String;)Z
    move-result v0
    if-eqz v0, :arm
    const-string v0, "x64"
    return-object v0
    :arm
    const-string v0, "arm64"
    return-object v0
.end method
