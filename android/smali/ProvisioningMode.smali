# Android 12 and later ask which kind of management is meant: a device that is managed whole.
.class public final Ldev/drydock/agent/ProvisioningMode;
.super Landroid/app/Activity;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

.method public onCreate(Landroid/os/Bundle;)V
    .locals 3
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V
    new-instance v0, Landroid/content/Intent;
    invoke-direct {v0}, Landroid/content/Intent;-><init>()V
    const-string v1, "android.app.extra.PROVISIONING_MODE"
    const/4 v2, 0x1
    invoke-virtual {v0, v1, v2}, Landroid/content/Intent;->putExtra(Ljava/lang/String;I)Landroid/content/Intent;
    const/4 v1, -0x1
    invoke-virtual {p0, v1, v0}, Ldev/drydock/agent/ProvisioningMode;->setResult(ILandroid/content/Intent;)V
    invoke-virtual {p0}, Ldev/drydock/agent/ProvisioningMode;->finish()V
    return-void
.end method
