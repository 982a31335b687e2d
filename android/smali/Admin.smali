# The device's owner, where the device was set up by the QR code. Until Android 11 the bundle of the
# code comes here; since 12 it comes to PolicyCompliance.
.class public final Ldev/drydock/agent/Admin;
.super Landroid/app/admin/DeviceAdminReceiver;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/admin/DeviceAdminReceiver;-><init>()V
    return-void
.end method

.method public onEnabled(Landroid/content/Context;Landroid/content/Intent;)V
    .locals 0
    invoke-static {p1}, Ldev/drydock/agent/Timer;->arm(Landroid/content/Context;)V
    return-void
.end method

.method public onProfileProvisioningComplete(Landroid/content/Context;Landroid/content/Intent;)V
    .locals 0
    invoke-static {p1, p2}, Ldev/drydock/agent/Admin;->begin(Landroid/content/Context;Landroid/content/Intent;)V
    return-void
.end method

# Remembers what the code brought, and begins.
.method public static begin(Landroid/content/Context;Landroid/content/Intent;)V
    .locals 1
    const-string v0, "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE"
    invoke-virtual {p1, v0}, Landroid/content/Intent;->getParcelableExtra(Ljava/lang/String;)Landroid/os/Parcelable;
    move-result-object v0
    check-cast v0, Landroid/os/PersistableBundle;
    invoke-static {p0, v0}, Ldev/drydock/agent/Installation;->take(Landroid/content/Context;Landroid/os/PersistableBundle;)V
    invoke-static {p0}, Ldev/drydock/agent/Timer;->arm(Landroid/content/Context;)V
    return-void
.end method
